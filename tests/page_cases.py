# ruff: noqa: E501
"""Briefings written by hand, to lay out: over the seeds in three languages, a Chinese and an Arabic one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rag.answers import Attribution, Position, Quotation
from rag.briefings import (
    Actor,
    BottomLine,
    Briefing,
    Coverage,
    Disagreement,
    DisagreementKind,
    Event,
    Gap,
    Outlet,
    Saying,
    SourceEntry,
    Statement,
    StatementKind,
)

FILES = (
    "seeds/000_f7d27ef32518b9f8.txt",
    "seeds/001_8b6beadbf58827be.txt",
    "seeds/002_a42e3a94e18620be.txt",
    "seeds/003_ab6f8b3dd4b1febe.txt",
    "seeds/004_595bc8e74cc28870.txt",
)
LANGUAGES = ("fr", "en", "en", "en", "id")
AS_OF = dt.date(2026, 11, 20)


def quotation(number: int, quote: str, language: str | None = None) -> Quotation:
    """A quotation from the numbered file, in its language."""
    return Quotation(FILES[number - 1], f"{number}" * 64, 0, len(quote), quote, language or LANGUAGES[number - 1])


def statement(
    text: str, *numbers: int, origins: int = 0, kind: StatementKind = "reported", speaker: str = ""
) -> Statement:
    """A statement that the numbered files bear out."""
    spans = tuple(quotation(number, text) for number in numbers)
    said = Attribution(speaker, "statement") if speaker else None
    return Statement(text, kind, spans, origins or len(numbers), said)


def event(date: str, key: str, text: str, *numbers: int) -> Event:
    """A dated event."""
    return Event(date, key, "printed", statement(text, *numbers))


def actor(name: str, role: str, *numbers: int, also: Sequence[str] = ()) -> Actor:
    """A name and a role."""
    return Actor(name, statement(role, *numbers), tuple(also))


def conflict(about: str, kind: DisagreementKind, *sides: tuple[str, tuple[int, ...]]) -> Disagreement:
    """A matter with its positions."""
    positions = tuple(Position(text, tuple(quotation(n, text) for n in numbers)) for text, numbers in sides)
    return Disagreement(about, kind, positions)


def source(
    number: int, title: str, outlet: Outlet, *, rests_on: str = "", copy_of: int | None = None, date: str = ""
) -> SourceEntry:
    """An entry of the list of sources."""
    return SourceEntry(
        number,
        FILES[number - 1],
        f"{number}" * 64,
        title,
        LANGUAGES[number - 1],
        date or None,
        "updated" if date else None,
        outlet,
        quotation(number, rests_on) if rests_on else None,
        copy_of,
    )


SOURCES = (
    source(1, "Microsoft et Xiaomi ont signé un protocole d’accord (MoU) pour travailler en étroite …", "news"),
    source(
        2, "Microsoft and Xiaomi are partnering to make AI-powered speakers, smartphones, and more", "blog", copy_of=1
    ),
    source(
        3,
        "Microsoft, Xiaomi sign collaboration pact for AI, cloud computing services",
        "trade",
        rests_on="according to a statement that Microsoft provided to TechCrunch",
    ),
    source(4, "Xiaomi Microsoft", "blog", rests_on="said in a statement"),
    source(
        5,
        "Setelah menandatangani MoU, Microsoft dan Xiaomi mengumumkan jika keduanya akan …",
        "blog",
        rests_on="Microsoft, melalui situs web resminya",
        date="2019-12-24",
    ),
)

SAYINGS = (
    Saying(
        quotation(
            3,
            "We have signed a Strategic MoU today with @Microsoft to collaborate in cloud support, AI and "
            "laptop-type devices.",
        ),
        "Wang Xiang",
    ),
    Saying(
        quotation(
            4,
            "Microsoft’s unique strengths and experience in AI, as well as our products like Azure, will "
            "enable Xiaomi to develop more cutting-edge technology for everyone around the world",
        ),
        "Harry Shum",
    ),
    Saying(quotation(1, "technologies de pointe de Microsoft dans le cloud computing et l’IA"), "Xiaomi"),
)

ENGLISH = Briefing(
    title="Microsoft–Xiaomi: the February memorandum",
    question="What did Microsoft and Xiaomi agree, and what is firm?",
    language="en",
    as_of=AS_OF,
    bottom_line=BottomLine(
        (
            statement("Microsoft and Xiaomi signed a memorandum on cloud, AI and laptop-type devices.", 1, 3, 5),
            statement("It is not legally binding, and no source gives financial terms.", 1, 2, 4),
        ),
        "moderate",
        "core terms in 4 independent origins; details rest on one statement by Microsoft and on blogs",
    ),
    facts=(
        statement("Xiaomi will use Microsoft Azure for data storage, compute and other services.", 3, 4, 5),
        statement("Microsoft will help market Xiaomi laptops and laptop-type devices.", 3, 4, 5),
        statement("Putting Cortana into the Mi AI speaker is under discussion, not agreed.", 1, 3, 5),
        statement(
            "AI areas named: computer vision, speech, natural language processing, text input, knowledge graph "
            "and search.",
            3,
            5,
        ),
        statement("Xiaomi bought and licensed 1,500 patents from Microsoft in 2016.", 3),
        statement("Xiaomi sold 92.4 million phones in the year before the deal.", 1, 2, origins=1),
        statement("The same week, Xiaomi signed an AI partnership with Naver.", 3),
        statement("A report on Xiaomi’s IPO put its value at US$100 billion.", 5),
    ),
    timeline=(
        event("2015", "2015", "Agreement to test Windows 10 on Xiaomi devices", 1, 4),
        event("2015", "2015", "Azure powers Mi Cloud", 5),
        event("2016", "2016", "1,500 patents bought; Office and Skype preinstalled", 3, 4, 5),
        event("February 23", "--02-23", "Wang Xiang announces the memorandum", 3),
    ),
    actors=(
        actor("Wang Xiang", "Global Senior Vice President and Head of International Business at Xiaomi", 3, 4),
        actor("Harry Shum", "executive vice president of Microsoft’s Artificial Intelligence and Research Group", 4),
        actor("Xiaomi", "Chinese phone vendor", 3, 4, also=["小米"]),
        actor("Naver", "South Korean search giant", 3),
    ),
    agreements=(
        statement("A memorandum was signed; Azure, laptops and AI services are in its scope.", 1, 3, 4, 5, origins=4),
        statement("The deal is a memorandum and not legally binding.", 1, 2, 4, origins=2),
    ),
    disagreements=(
        conflict(
            "How firm is Cortana in speakers?",
            "emphasis",
            ("under discussion", (1, 3, 5)),
            ("“the main objective of this agreement”", (4,)),
        ),
        conflict(
            "What was the first deal, in 2015?", "scope", ("tests of Windows 10", (1, 4)), ("Azure for Mi Cloud", (5,))
        ),
        conflict(
            "Xiaomi’s rank among phone makers", "scope", ("fifth in the world", (1, 2)), ("fourth in China", (3,))
        ),
    ),
    gaps=(
        Gap(
            "Whether any money changes hands.",
            "stated",
            (quotation(1, "clauses financières"), quotation(4, "finances")),
        ),
        Gap("Dates, products or volumes for anything that is planned.", "absent"),
        Gap("The year of the memorandum: no article states it.", "absent"),
    ),
    sayings=SAYINGS,
    sources=SOURCES,
    origins=4,
    considered=5,
    documents=5,
    coverage=Coverage(23, 23),
)

FRENCH = Briefing(
    title="Microsoft et Xiaomi : le mémorandum de février",
    question="Qu’ont convenu Microsoft et Xiaomi, et qu’est-ce qui est ferme ?",
    language="fr",
    as_of=AS_OF,
    bottom_line=BottomLine(
        (
            statement(
                "Microsoft et Xiaomi ont signé un protocole d’accord (MoU) pour travailler en étroite collaboration "
                "sur le cloud computing, l’IA et plusieurs produits.",
                1,
                3,
                5,
                kind="quoted",
            ),
            statement("Leur partenariat n’est pas juridiquement contraignant.", 1, 2, 4),
        ),
        "high",
        "4 origines indépendantes, aucune contradiction sur l’essentiel",
    ),
    facts=(
        statement(
            "Microsoft prévoit d’autoriser Xiaomi à utiliser ses produits de cloud computing, notamment Azure.",
            1,
            3,
            4,
            5,
            origins=4,
        ),
        statement("Microsoft will also assist in selling and marketing these Xiaomi laptops.", 4, 3, 5, kind="quoted"),
        statement(
            "Les deux entreprises discutent de la possibilité d’intégrer Cortana au haut-parleur Mi AI.", 1, 3, 5
        ),
        statement("Xiaomi a vendu 92,4 millions de téléphones l’année précédente.", 1, 2, origins=1),
        statement("Xiaomi a acheté et pris sous licence 1 500 brevets de Microsoft en 2016.", 3),
        statement(
            "Tencent et Samsung ont annoncé hier qu’ils investiraient conjointement dans l’IA et les jeux.",
            1,
            2,
            origins=1,
        ),
    ),
    timeline=(
        event("2015", "2015", "Accord pour tester Windows 10 sur les appareils Xiaomi", 1, 4),
        event("2015", "2015", "Azure pour Mi Cloud", 5),
        event("2016", "2016", "1 500 brevets ; Office et Skype préinstallés", 3, 4, 5),
        event("May and June of 2016", "2016-05", "L’accord de 2016 est signé", 4),
        event("February 23", "--02-23", "Wang Xiang annonce le mémorandum", 3),
    ),
    actors=ENGLISH.actors[:3],
    agreements=(statement("Un mémorandum a été signé ; Azure, les portables et l’IA en font partie.", 1, 3, 4, 5),),
    disagreements=(
        conflict(
            "Cortana dans les haut-parleurs",
            "emphasis",
            ("en discussion", (1, 3, 5)),
            ("« l’objectif principal »", (4,)),
        ),
        conflict("Le rang de Xiaomi", "scope", ("cinquième au monde", (1, 2)), ("fourth-largest in China", (3,))),
    ),
    gaps=(
        Gap("S’il existe des clauses financières.", "stated", (quotation(1, "clauses financières"),)),
        Gap("Les dates et les volumes de ce qui est prévu.", "absent"),
    ),
    sayings=SAYINGS,
    sources=SOURCES,
    origins=4,
    considered=5,
    documents=1200,
    coverage=Coverage(19, 19, withheld=2),
    model="local:qwen3-8b",
)

INDONESIAN = Briefing(
    title="Microsoft–Xiaomi: nota kesepahaman Februari",
    question="Apa yang disepakati Microsoft dan Xiaomi, dan apa yang sudah pasti?",
    language="id",
    as_of=AS_OF,
    bottom_line=BottomLine(
        (
            statement(
                "Setelah menandatangani MoU, Microsoft dan Xiaomi mengumumkan jika keduanya akan bekerja sama.", 5, 1, 3
            ),
            statement("Kerja sama itu tidak mengikat secara hukum.", 1, 2, 4),
        ),
        "low",
        "rincian hanya dari satu pernyataan Microsoft",
    ),
    facts=(
        statement(
            "Xiaomi akan mengintegrasikan Microsoft Azure untuk penyimpanan data, bandwidth, dan komputasi.", 5, 3, 4
        ),
        statement(
            "Microsoft akan memberikan dukungannya untuk memasarkan dan mengembangkan produk laptop dari Xiaomi.",
            5,
            3,
            4,
        ),
        statement("Kedua perusahaan sedang berdiskusi untuk mengintegrasikan Cortana dengan Mi AI Speaker.", 5, 1, 3),
        Statement(
            "Perusahaan tersebut telah bernilai US$100 miliar.",
            "reported",
            (quotation(5, "US$100 miliar"),),
            1,
            verified=False,
        ),
    ),
    timeline=(
        event("tahun 2015", "2015", "Azure menenagai layanan Mi Cloud", 5),
        event("tahun 2016", "2016", "Office dan Skype dipasang pada ponsel", 5, 3, 4),
    ),
    actors=ENGLISH.actors[:2],
    disagreements=ENGLISH.disagreements[2:],
    gaps=(Gap("Apakah ada pembayaran.", "stated", (quotation(4, "finances"),)),),
    sayings=SAYINGS[:1],
    sources=SOURCES,
    origins=4,
    considered=5,
    documents=5,
    coverage=Coverage(14, 13),
)


def chinese(text: str, *numbers: int, origins: int = 1) -> Statement:
    """A statement in Chinese, in the words of its sources."""
    return Statement(text, "quoted", tuple(quotation(number, text, "zh") for number in numbers), origins)


CHINESE = Briefing(
    title="小米与微软签署战略合作备忘录",
    question="小米和微软达成了什么协议？",
    language="en",
    as_of=AS_OF,
    bottom_line=BottomLine(
        (
            chinese(
                "小米公司与微软公司签署战略合作框架备忘录，双方将在云计算、人工智能和笔记本电脑等领域展开合作。",
                1,
                2,
                origins=2,
            ),
            chinese("该备忘录不具法律约束力，双方均未披露财务条款。", 3),
        ),
        "moderate",
        "2 independent origins state the core; terms rest on one",
    ),
    facts=(
        chinese("小米将使用微软Azure云服务，用于国际市场的数据存储、带宽和计算。", 1, 2, origins=2),
        chinese("微软将支持小米笔记本电脑及同类设备的营销推广，并提供销售渠道上的支持。", 1),
        chinese(
            "双方正在探讨将微软语音助手Cortana（小娜）整合到小米AI音箱中的可能性，以便让用户可以通过语音使用邮件、日历和天气等服务。",
            2,
            3,
            origins=2,
        ),
        chinese("2016年，小米向微软购买并获得授权约1500项专利，涵盖无线通信、视频、云和多媒体技术。", 3),
        chinese("2017年小米手机出货量为9240万部，位居全球第五。", 2),
    ),
    timeline=(
        Event("2015年", "2015", "printed", chinese("在小米4手机上测试Windows 10", 1)),
        Event("2016年6月1日", "2016-06-01", "printed", chinese("购买约1500项专利，预装Office与Skype", 3)),
        Event("2018年2月23日", "2018-02-23", "printed", chinese("王翔宣布签署战略合作备忘录", 1)),
    ),
    actors=(
        Actor("王翔", chinese("小米公司高级副总裁，负责国际业务", 1), ("Wang Xiang",)),
        Actor("沈向洋", chinese("微软全球执行副总裁，领导人工智能及微软研究事业部", 2), ("Harry Shum",)),
    ),
    disagreements=(conflict("小米的市场排名", "scope", ("全球第五", (2,)), ("中国第四", (3,))),),
    gaps=(Gap("合作涉及的金额。", "absent"),),
    sayings=(
        Saying(
            quotation(
                2, "微软在人工智能领域的独特优势和经验，以及Azure等产品，将帮助小米为全球用户开发更多尖端科技。", "zh"
            ),
            "沈向洋",
        ),
    ),
    sources=(
        SourceEntry(
            1,
            FILES[0],
            "1" * 64,
            "小米与微软签署备忘录，深化云计算与人工智能合作",
            "zh",
            "2018-02-24",
            "published",
            "news",
        ),
        SourceEntry(2, FILES[1], "2" * 64, "微软、小米达成战略合作", "zh", None, None, "press-release"),
        SourceEntry(3, FILES[2], "3" * 64, "专利与人工智能：小米的国际化之路", "zh", "2018-03", "published", "trade"),
    ),
    origins=3,
    considered=3,
    documents=3,
    coverage=Coverage(14, 14),
)


def arabic(text: str, *numbers: int, origins: int = 1) -> Statement:
    """A statement in Arabic, in the words of its sources."""
    return Statement(text, "quoted", tuple(quotation(number, text, "ar") for number in numbers), origins)


ARABIC = Briefing(
    title="مايكروسوفت وشاومي: مذكرة التفاهم",
    question="What did Microsoft and Xiaomi agree?",
    language="en",
    as_of=AS_OF,
    bottom_line=BottomLine(
        (
            arabic(
                "وقّعت شركتا مايكروسوفت وشاومي مذكرة تفاهم للتعاون في الحوسبة السحابية والذكاء الاصطناعي.",
                1,
                2,
                origins=2,
            ),
            arabic("المذكرة غير ملزمة قانونًا، ولا يذكر أي مصدر شروطًا مالية.", 3),
        ),
        "moderate",
        "2 independent origins state the core",
    ),
    facts=(
        arabic("ستستخدم شاومي خدمات Microsoft Azure لتخزين البيانات والحوسبة.", 1, 2, origins=2),
        arabic(
            "ستساعد مايكروسوفت في تسويق حواسيب شاومي المحمولة التي تعمل بنظام Windows 10 في الأسواق الدولية، وفق ما جاء في بيان "
            "نُشر يوم 23 فبراير.",
            1,
        ),
        statement("Xiaomi sold 92.4 million phones in the year before the deal.", 3),
        arabic("باعت الشركة 92.4 مليون هاتف في العام السابق.", 2),
    ),
    timeline=(
        Event("2015", "2015", "printed", arabic("اختبار Windows 10 على أجهزة شاومي", 1)),
        Event("2016", "2016", "printed", arabic("شراء 1500 براءة اختراع", 3)),
    ),
    actors=(Actor("وانغ شيانغ", arabic("نائب الرئيس الأول في شاومي", 1), ("Wang Xiang",)),),
    disagreements=(
        conflict("ترتيب شاومي بين صانعي الهواتف", "scope", ("الخامسة في العالم", (2,)), ("الرابعة في الصين", (3,))),
    ),
    gaps=(Gap("قيمة الصفقة.", "absent"),),
    sayings=(Saying(quotation(2, "مهمة شاومي هي تقديم الابتكار للجميع في أنحاء العالم", "ar"), "وانغ شيانغ"),),
    sources=(
        SourceEntry(
            1, FILES[0], "1" * 64, "مايكروسوفت وشاومي توقعان مذكرة تفاهم", "ar", "2018-02-24", "published", "news"
        ),
        SourceEntry(2, FILES[1], "2" * 64, "شراكة جديدة في الذكاء الاصطناعي", "ar", None, None, "blog"),
        SourceEntry(3, FILES[2], "3" * 64, "Microsoft, Xiaomi sign collaboration pact", "en", None, None, "trade"),
    ),
    origins=3,
    considered=3,
    documents=3,
    coverage=Coverage(11, 11),
)

ALL = {"english": ENGLISH, "french": FRENCH, "indonesian": INDONESIAN, "chinese": CHINESE, "arabic": ARABIC}
