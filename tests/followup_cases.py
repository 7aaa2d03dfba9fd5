"""Follow-ups in three languages and what has to be searched for.

``KEPT_ASIDE`` was written before the rules and never used to tune them; 24 of 24 passed. ``CARELESS`` was written after
them: 17 of 24 passed before what it showed was corrected.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """A follow-up and its outcome.

    Attributes:
        language: Of the previous question.
        previous: The question before, as it was searched.
        follow_up: As typed.
        has: Words that the searched question must have.
        lacks: Words that it must not have.
        quotation: What the previous answer quoted.
    """

    language: str
    previous: str
    follow_up: str
    has: str
    lacks: str = ""
    quotation: str = ""


SHUM = "Dr. Harry Shum who is the executive vice president of Microsoft’s Artificial Intelligence group spoke."
SHUM_FR = "Selon Harry Shum, vice-président de Microsoft, le partenariat profitera aux deux entreprises."
SHUM_ID = "Hal itu disampaikan oleh Harry Shum, wakil presiden eksekutif Microsoft."

KEPT_ASIDE = (
    Case("en", "Who will build the hydrogen ferries?", "and when?", "when build hydrogen ferries"),
    Case("en", "How many passengers can the Skarrow ferry carry?", "how about cars?", "cars Skarrow ferry",
         "passengers"),
    Case("en", "Why was Norvale Bank fined?", "by how much?", "much Norvale Bank fined"),
    Case("en", "Who is the mayor of Kelmouth?", "What did she promise the islanders?",
         "promise islanders Kelmouth mayor"),
    Case("en", "What did Tencent and Samsung announce in Seoul?", "And in Tokyo?", "Tencent Samsung announce Tokyo",
         "Seoul"),
    Case("en", "How high is Mount Sorrel?", "when did it last erupt?", "erupt Mount Sorrel"),
    Case("en", "How much profit did Norvale make in 2019?", "what about 2021?", "profit Norvale 2021", "2019"),
    Case("en", "Who leads the AI group?", "Where did he study?", "study Harry Shum", "", SHUM),
    Case("fr", "Pourquoi la banque Norvale a-t-elle été condamnée ?", "quand ça ?", "quand Norvale condamnée"),
    Case("fr", "Combien coûte le haut-parleur Mi AI ?", "et l’ordinateur portable ?", "ordinateur portable coûte"),
    Case("fr", "Qui a construit le pont de Kelmouth ?", "Depuis quand est-il fermé ?", "fermé pont Kelmouth"),
    Case("fr", "Combien de téléphones Xiaomi a-t-il vendus en 2016 ?", "Et l’année 2017 ?",
         "téléphones Xiaomi 2017", "2016"),
    Case("fr", "Quels patients ont reçu le vaccin au Kenya ?", "et au Ghana ?", "patients vaccin Ghana", "Kenya"),
    Case("fr", "Qui dirige le groupe de recherche ?", "Où travaillait-il avant ?", "travaillait Harry Shum",
         "", SHUM_FR),
    Case("fr", "Qu’ont annoncé Tencent et Samsung ?", "Quel est le montant de leur investissement ?",
         "montant investissement Tencent Samsung"),
    Case("fr", "Que prévoit l’accord entre Microsoft et Xiaomi ?", "Est-ce que ça concerne les brevets ?",
         "brevets accord Microsoft Xiaomi"),
    Case("id", "Kapan Xiaomi meluncurkan laptop pertamanya?", "kalau ponsel?", "ponsel Xiaomi"),
    Case("id", "Siapa yang membangun jembatan Kelmouth?", "Berapa biayanya?", "biayanya jembatan Kelmouth"),
    Case("id", "Berapa ponsel yang dijual Xiaomi pada tahun 2016?", "dan pada 2017?", "ponsel Xiaomi 2017", "2016"),
    Case("id", "Apa yang diumumkan Tencent dan Samsung?", "di mana mereka mengumumkannya?", "Tencent Samsung mana"),
    Case("id", "Mengapa kapal feri Skarrow berhenti?", "sejak kapan?", "kapan kapal feri Skarrow berhenti"),
    Case("id", "Siapa pemimpin kelompok riset itu?", "Dia bekerja di mana?", "bekerja Harry Shum", "", SHUM_ID),
    Case("id", "Di mana pabrik Norrvolt dibangun?", "terus yang di Polandia?", "Polandia pabrik Norrvolt"),
    Case("id", "Apa isi nota kesepahaman Microsoft dan Xiaomi?", "Apakah perjanjian tersebut mengikat secara hukum?",
         "perjanjian mengikat hukum Microsoft Xiaomi"),
)  # fmt: skip

KEPT_ASIDE_COMPLETE = (
    ("en", "How many salmon were counted above the third dam?"),
    ("en", "Which car makers will buy Norrvolt's batteries?"),
    ("en", "Did Corvex say when it will apply for approval of MVX-2?"),
    ("en", "And who founded Lockstep Analytics in 2012?"),
    ("fr", "Quel navire la France envoie-t-elle à Port Amity ?"),
    ("fr", "Les agriculteurs de l’Ohio poursuivent-ils l’État en justice ?"),
    ("fr", "Pourquoi Javier Roig a-t-il refusé le poste d’entraîneur ?"),
    ("fr", "Et combien Tencent a-t-il investi dans l’IA en 2018 ?"),
    ("id", "Berapa jumlah penduduk Port Amity pada tahun 1977?"),
    ("id", "Apakah Corvex sudah mengajukan izin untuk vaksin MVX-2?"),
    ("id", "Mengapa Javier Roig menolak jabatan pelatih Harrow Athletic?"),
    ("id", "Dan siapa pendiri Lockstep Analytics?"),
)

# Careless typing, no accents, longer turns of phrase.
CARELESS = (
    Case("en", "how many phones did xiaomi ship in 2017?", "and huawei", "many phones huawei 2017", "xiaomi"),
    Case("en", "who founded Lockstep Analytics?", "ok and when", "when founded Lockstep Analytics"),
    Case("en", "What did the regulator say about Norvale Bank?", "what did they say back", "say Norvale Bank"),
    Case("en", "How much did the ferry cost?", "is that a lot compared to the old one?", "ferry cost old"),
    Case("en", "Which apps did Xiaomi preinstall on phones?", "and on tablets?", "apps Xiaomi preinstall tablets",
         "phones"),
    Case("en", "When does the night train to Copenhagen start?", "where does it stop on the way?",
         "stop night train Copenhagen"),
    Case("en", "What is MVX-2?", "who makes it and where?", "makes MVX 2"),
    Case("en", "Did Corvex publish the results of MVX-2?", "the price as well?", "price Corvex MVX 2"),
    Case("fr", "combien de telephones xiaomi a vendu en 2017", "et huawei", "combien telephones huawei 2017", "xiaomi"),
    Case("fr", "Qui a fondé MoonRail ?", "c'était quand ?", "quand fondé MoonRail"),
    Case("fr", "Où a-t-on retrouvé l'astrolabe volé ?", "il vaut combien ?", "vaut combien astrolabe"),
    Case("fr", "Quel est le prix du billet pour Skarrow ?", "et pour les enfants ?", "prix billet Skarrow enfants"),
    Case("fr", "Que dit Wang Xiang de l’accord ?", "Et Harry Shum, qu’en pense-t-il ?", "Harry Shum pense accord"),
    Case("fr", "Quels brevets Xiaomi a-t-il achetés à Microsoft ?", "ils portent sur quoi ?", "portent brevets Xiaomi"),
    Case("fr", "Quand la banque Norvale a-t-elle été condamnée ?", "a combien ?", "combien banque Norvale condamnée"),
    Case("fr", "Combien de passagers le ferry transporte-t-il ?", "et la-bas, les voitures sont admises ?",
         "voitures admises ferry"),
    Case("id", "berapa ponsel yang dijual xiaomi tahun 2017", "kalo huawei", "ponsel dijual huawei 2017", "xiaomi"),
    Case("id", "Siapa pendiri MoonRail?", "tahun berapa itu?", "tahun pendiri MoonRail"),
    Case("id", "Di mana astrolab yang dicuri ditemukan?", "nilainya berapa ya?", "nilainya astrolab"),
    Case("id", "Kapan kereta malam ke Kopenhagen mulai beroperasi?", "tiketnya berapa?",
         "tiketnya kereta malam Kopenhagen"),
    Case("id", "Apa kata Wang Xiang tentang nota kesepahaman?", "terus Harry Shum gimana?",
         "Harry Shum nota kesepahaman"),
    Case("id", "Mengapa Norvale Bank didenda?", "dendanya buat siapa?", "dendanya siapa Norvale Bank"),
    Case("id", "Berapa harga Mi AI Speaker di Cina?", "yang di Indonesia?", "harga Mi AI Speaker Indonesia", "Cina"),
    Case("id", "Apakah Microsoft dan Xiaomi sudah menandatangani perjanjian?", "di mana?",
         "mana Microsoft Xiaomi menandatangani perjanjian"),
)  # fmt: skip

TUNED = (
    Case("en", "What does the Xiaomi laptop deal involve?", "when was it signed?", "signed Xiaomi laptop deal"),
    Case("en", "What does the Xiaomi deal involve?", "and the laptops?", "Xiaomi deal laptops"),
    Case("en", "How many phones did Xiaomi ship in 2017?", "and in 2015?", "many phones Xiaomi ship 2015", "2017"),
    Case("en", "How many phones did Xiaomi ship in 2017?", "what about Huawei?", "many phones Huawei 2017", "Xiaomi"),
    Case("en", "How many phones did Xiaomi ship?", "and laptops?", "many laptops Xiaomi ship", "phones"),
    Case("en", "Did Microsoft sue Xiaomi?", "why?", "why Microsoft sue Xiaomi"),
    Case("en", "Why did Microsoft buy Skype?", "when?", "when Microsoft buy Skype", "why"),
    Case("en", "Who signed the memorandum?", "who else?", "who else signed memorandum"),
    Case("en", "Who is Harry Shum?", "where does he work?", "work Harry Shum"),
    Case("en", "Who leads Microsoft AI?", "How long has he been there?", "long Harry Shum Microsoft AI", "", SHUM),
    Case("en", "Which company makes the Invoke speaker?", "where is it based?",
         "based Harman Kardon Invoke speaker", "",
         "Microsoft worked with Harman Kardon on the speaker."),
    Case("en", "How many phones did Xiaomi ship in India?", "and in China?", "many phones Xiaomi China", "India"),
    Case("en", "How many phones did Xiaomi ship?", "In China?", "many phones Xiaomi China"),
    Case("en", "Where is the headquarters of Xiaomi?", "how many people work there?",
         "people work Xiaomi headquarters"),
    Case("en", "When did Microsoft and Xiaomi sign that deal?", "Is that deal legally binding?",
         "deal legally binding Microsoft Xiaomi"),
    Case("en", "When did Xiaomi release the Mi AI speaker?", "and the price?", "price Xiaomi Mi AI speaker", "when"),
    Case("en", "What did Microsoft and Xiaomi sign?", "What did they announce?", "announce Microsoft Xiaomi"),
    Case("en", "What did Tencent and Samsung announce?", "tell me more", "Tencent Samsung announce"),
    Case("en", "How many phones did Xiaomi ship last year?", "and in June 2016?", "phones Xiaomi ship June 2016",
         "last"),
    Case("en", "What is in the Xiaomi deal?", "Does Microsoft say anything about it?", "Microsoft Xiaomi deal"),
    Case("fr", "Que prévoit l’accord de Xiaomi ?", "et les ordinateurs ?", "accord Xiaomi ordinateurs"),
    Case("fr", "Combien de téléphones Xiaomi a-t-il vendus en Inde ?", "et en Chine ?", "téléphones Xiaomi Chine",
         "Inde"),
    Case("fr", "Combien de téléphones Xiaomi a-t-il vendus en 2017 ?", "et en 2015 ?", "téléphones Xiaomi 2015",
         "2017"),
    Case("fr", "Combien de téléphones Xiaomi a-t-il vendus ?", "qu’en est-il de Huawei ?", "téléphones Huawei",
         "Xiaomi"),
    Case("fr", "Combien de téléphones Xiaomi a-t-il vendus ?", "et de tablettes ?", "combien tablettes Xiaomi vendus"),
    Case("fr", "Qui est Harry Shum ?", "où travaille-t-il ?", "où travaille Harry Shum"),
    Case("fr", "Qui dirige Microsoft AI ?", "Quel est son salaire ?", "salaire Harry Shum Microsoft", "", SHUM_FR),
    Case("fr", "Quand Microsoft et Xiaomi ont-ils signé l’accord ?", "pourquoi ?",
         "pourquoi Microsoft Xiaomi signé accord",
         "quand"),
    Case("fr", "Le partenariat entre Microsoft et Xiaomi est-il contraignant ?", "pourquoi ?",
         "pourquoi partenariat Microsoft Xiaomi contraignant"),
    Case("fr", "Que prévoit l’accord entre Microsoft et Xiaomi ?", "Quand cet accord a-t-il été signé ?",
         "quand accord signé Microsoft Xiaomi"),
    Case("fr", "Que prévoit l’accord entre Microsoft et Xiaomi ?", "Qui l’a signé ?",
         "qui signé accord Microsoft Xiaomi"),
    Case("fr", "Où se trouve le siège de Xiaomi ?", "Combien de personnes y travaillent ?",
         "personnes travaillent siège Xiaomi"),
    Case("fr", "Qu’ont annoncé Tencent et Samsung ?", "qui d’autre ?", "qui autre annoncé Tencent Samsung"),
    Case("fr", "Quels brevets Xiaomi a-t-il achetés ?", "Combien coûtent-ils ?", "coûtent brevets Xiaomi"),
    Case("fr", "Quand sort le haut-parleur Mi AI ?", "et le prix ?", "prix haut parleur Mi AI", "quand"),
    Case("fr", "Que fabriquent Microsoft et Xiaomi ?", "Leurs produits sont-ils chers ?",
         "produits chers Microsoft Xiaomi"),
    Case("id", "Apa isi kesepakatan laptop Xiaomi?", "kapan ditandatangani?",
         "kapan ditandatangani kesepakatan laptop Xiaomi"),
    Case("id", "Berapa ponsel yang dijual Xiaomi?", "bagaimana dengan laptop?", "berapa laptop dijual Xiaomi",
         "ponsel"),
    Case("id", "Berapa ponsel yang dijual Xiaomi pada tahun 2017?", "dan pada tahun 2015?", "ponsel Xiaomi 2015",
         "2017"),
    Case("id", "Berapa ponsel yang dijual Xiaomi di India?", "dan di Cina?", "berapa ponsel Xiaomi Cina", "India"),
    Case("id", "Berapa ponsel yang dijual Xiaomi?", "kalau Huawei?", "berapa ponsel dijual Huawei", "Xiaomi"),
    Case("id", "Siapa Harry Shum?", "di mana dia bekerja?", "bekerja Harry Shum"),
    Case("id", "Siapa pemimpin Microsoft AI?", "Berapa lama beliau bekerja?", "lama bekerja Harry Shum", "", SHUM_ID),
    Case("id", "Kapan Microsoft membeli Skype?", "mengapa?", "mengapa Microsoft membeli Skype", "kapan"),
    Case("id", "Apakah Microsoft menggugat Xiaomi?", "kenapa?", "kenapa Microsoft menggugat Xiaomi", "apakah"),
    Case("id", "Apa yang diumumkan Tencent dan Samsung?", "siapa lagi?", "siapa lagi diumumkan Tencent Samsung"),
    Case("id", "Kapan Xiaomi merilis Mi AI Speaker?", "berapa harganya?", "harganya Xiaomi Mi AI Speaker", "kapan"),
    Case("id", "Apa isi nota kesepahaman Microsoft dan Xiaomi?", "Siapa yang menandatangani kesepakatan itu?",
         "menandatangani kesepakatan nota kesepahaman Microsoft Xiaomi"),
    Case("id", "Di mana kantor pusat Xiaomi?", "Berapa orang bekerja di sana?", "orang bekerja kantor pusat Xiaomi"),
    Case("id", "Apa produk Microsoft dan Xiaomi?", "Apakah mereka juga membuat laptop?",
         "membuat laptop Microsoft Xiaomi"),
    Case("de", "Was vereinbarten Microsoft und Xiaomi?", "und die Laptops?", "Laptops Microsoft Xiaomi vereinbarten"),
    Case("en", "What does the Xiaomi deal involve?", "et les ordinateurs ?", "Xiaomi deal ordinateurs"),
)  # fmt: skip

COMPLETE = (
    ("en", "What does the Xiaomi laptop deal involve?"),
    ("en", "How many phones did Xiaomi ship last year?"),
    ("en", "Is the memorandum between Microsoft and Xiaomi legally binding?"),
    ("en", "What did Microsoft say it would do in China?"),
    ("en", "Which company sold its phones in India?"),
    ("en", "Who is Harry Shum?"),
    ("en", "And when did Microsoft buy Skype?"),
    ("en", "How long does it take to build a battery factory?"),
    ("en", "Are there any laptops from Xiaomi?"),
    ("en", "Is it true that Naver powers Xiaomi devices?"),
    ("en", "How do smart speakers work?"),
    ("en", "What is a memorandum of understanding?"),
    ("en", "Which IT services does Microsoft offer Xiaomi?"),
    ("en", "How many phones will Xiaomi ship this year?"),
    ("en", "Xiaomi laptop deal"),
    ("en", "price of the ferry contract"),
    ("en", "How many customers had their accounts frozen?"),
    ("en", "Will the bank pay the fine before it closes branches?"),
    ("fr", "Combien de téléphones Xiaomi a-t-il vendus l’année dernière ?"),
    ("fr", "Le partenariat entre Microsoft et Xiaomi est-il juridiquement contraignant ?"),
    ("fr", "Quels sont les effets secondaires du vaccin MVX-2 ?"),
    ("fr", "Qui est Harry Shum ?"),
    ("fr", "Combien d’employés y a-t-il chez Tencent ?"),
    ("fr", "Faut-il payer une amende à Kelmouth ?"),
    ("fr", "Où les discussions entre Tencent et Samsung ont-elles débuté ?"),
    ("fr", "Pourquoi Norvale a-t-elle bloqué les comptes de ses clients ?"),
    ("fr", "Quelle entreprise a vendu ses brevets à Xiaomi ?"),
    ("fr", "Qu’est-ce qu’un protocole d’accord ?"),
    ("fr", "Combien de téléphones Xiaomi vendra-t-il cette année ?"),
    ("id", "Berapa harga laptop Xiaomi?"),
    ("id", "Apa itu Cortana?"),
    ("id", "Siapa direktur utama Xiaomi?"),
    ("id", "Apa yang diumumkan Xiaomi pada tahun ini?"),
    ("id", "Di mana Xiaomi memusatkan strategi pemasaran ponsel pintarnya?"),
    ("id", "Berapa nilai perusahaan Xiaomi menurut laporan IPO?"),
    ("id", "Apa yang sebenarnya diumumkan Tencent dan Samsung?"),
    ("id", "Kapan Xiaomi mengatakan bahwa mereka akan masuk ke pasar Amerika?"),
    ("de", "Wann haben Microsoft und Xiaomi das Abkommen unterzeichnet?"),
)
