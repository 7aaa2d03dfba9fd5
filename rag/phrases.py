"""What web sites print around an article, in several languages: patterns over folded lines."""

from __future__ import annotations

import re


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


LABEL = _any(
    r"editorial (?:standards|guidelines|policy)",
    r"about (?:the )?authors?|(?:a propos de|sur) l'auteur(?:e)?|sobre (?:el|la|o|a) autora?|uber den autor"
    r"|sull'autore",
    r"tentang penulis|over de auteur",
    r"(?:leave|post|add) (?:a )?comments?|(?:no|\d+) comments?(?: yet)?|(?:aucun|\d+) commentaires?|\d+ komentar",
    r"post navigation|(?:previous|next) (?:post|article)|article (?:precedent|suivant)|navigasi pos"
    r"|beitragsnavigation",
    r"advertisement|advertising|sponsored(?: content)?|publicite|iklan|anzeige|werbung|publicidad|pubblicita",
    r"continue reading|lire la suite|(?:click (?:here )?to )?read more|baca selengkapnya|weiterlesen|leer mas"
    r"|leia mais",
    r"skip to (?:main )?content|aller au contenu|loncat ke konten|zum inhalt springen|saltar al contenido",
    r"back to top|toggle navigation|retour en haut",
    r"\d+ min(?:ute)?s? (?:read|de lecture)|temps de lecture ?:? ?\d+ min(?:ute)?s?|waktu baca ?:? ?\d+ menit",
    r"all rights reserved|tous droits reserves|alle rechte vorbehalten|todos (?:los derechos|os direitos) reservados",
    r"hak cipta dilindungi(?: undang-undang)?|tutti i diritti riservati",
)
"""Whole lines that are never part of an article."""

RELATED = _any(
    r"related (?:articles?|posts?|stories|news|topics|content|reading)|you (?:may|might) also like|more stories",
    r"recommended (?:for you|stories|articles)|read (?:next|also)|most (?:read|popular)|latest (?:news|stories"
    r"|articles)",
    r"(?:articles?|sujets) (?:similaires|connexes|lies|associes)|(?:a )?lire aussi|sur le meme sujet|les plus lus",
    r"(?:artikel|berita) (?:terkait|lainnya|terbaru|terpopuler)|baca juga",
    r"(?:articulos|noticias|entradas) relacionad[ao]s|te puede interesar|lo mas leido|leggi anche|articoli correlati",
    r"ahnliche (?:artikel|beitrage)|mehr zum thema|das konnte (?:sie|dich) auch interessieren|meistgelesen",
    r"artigos relacionados|leia tambem|gerelateerde artikelen|lees ook",
)
"""Headings over a list of other stories."""

POINTER = re.compile(
    r"(?:read (?:also|more|next)|also read|baca (?:juga|selengkapnya)|(?:a )?lire (?:aussi|egalement)"
    r"|lesen sie auch|lee tambien|lea tambien"
    r"|leer tambien|leggi anche|leia tambem|lees ook) ?:"
)
"""The beginning of a line that points at another story."""

SHARE = _any(
    r"(?:share|tweet|pin|save|print|e-?mail)(?: (?:this|it|the|on|to|via|with|by|article|post|story|page|link"
    r"|friends|"
    r"facebook|twitter|x|linkedin|whatsapp|pinterest|reddit|e-?mail))*",
    r"partage[rz](?: (?:cet|sur|par|l'|article|facebook|twitter|linkedin|whatsapp|e-?mail))*",
    r"bagikan(?: (?:artikel|berita|ini|ke|di|via|facebook|twitter|whatsapp))*",
    r"compart(?:ir|e|ilhar)(?: (?:en|este|articulo|no|facebook|twitter|whatsapp))*|condividi(?: su \w+)?",
    r"(?:artikel )?teilen|auf (?:facebook|twitter) teilen|delen",
)
"""Share bars; one alone may be a word of the article, `mark` asks for company."""

SOCIAL = _any(
    r"facebook|twitter|x|instagram|youtube|linkedin|whatsapp|telegram|pinterest|reddit|tiktok|rss|e-?mail|print"
    r"|copy link",
    r"(?:follow|find|join|like) us(?: on .{1,30})?|suivez-nous.{0,30}|ikuti kami.{0,30}|folgen sie uns.{0,30}"
    r"|siguenos.{0,30}",
)
SITE = _any(
    r"home(?:page)?|accueil|beranda|startseite|inicio|about(?: us)?|contact(?: us)?|contactez-nous|hubungi kami"
    r"|tentang kami",
    r"kontakt|contacto|a propos|uber uns|quienes somos|privacy(?: policy| notice)?|terms(?: of (?:use|service))?"
    r"|sitemap",
    r"terms (?:and|&) conditions|cookie (?:policy|settings)|disclaimer|imprint|impressum"
    r"|datenschutz(?:erklarung)?|careers",
    r"mentions legales|politique de confidentialite|plan du site|kebijakan privasi|syarat dan ketentuan|redaksi"
    r"|aviso legal",
    r"menu|search|recherche(?:r)?|cari|suche|buscar|log ?in|sign (?:in|up)|register|subscribe|connexion|masuk"
    r"|daftar|advertise",
)
"""Entries of a site's own menus."""

NEWSLETTER = re.compile(
    r"(?:subscribe|sign up|get|join|abonnez-vous|inscrivez-vous|recevez|berlangganan|daftar|dapatkan|suscribete"
    r"|abonniere\w*|jetzt|iscriviti"
    r"|assine|receba)\b.{0,80}\b(?:newsletter|inbox|mailing list|boite mail|buletin|boletin|e-?mail updates"
    r"|kotak masuk|postfach)\b"
)
COPYRIGHT = re.compile(r"©|\(c\) ?\d{4}|copyright (?:©|\(c\)|\d{4})|hak cipta (?:©|\d{4})")

IMAGE_FILE = re.compile(r"[\w%.()+@-]+\.(?:jpe?g|png|gif|webp|svg|avif|bmp|tiff?)")
IMAGE_CREDIT = _any(
    r"(?:featured |cover |lead )?(?:image|photo|picture|photograph|illustration)s? ?(?:courtesy|credits?|source"
    r"|by|via)\b",
    r"(?:image|photo|picture|foto|fotos|gambar|bild|imagen|illustration|ilustrasi)s? ?[:©]",
    r"(?:credits?|source) (?:de la )?(?:photo|image)s?\b|(?:sumber|kredit) (?:gambar|foto)\b|bildquelle|fotocredit",
    r"(?:fuente|credito) de (?:la )?(?:imagen|foto)\b|foto (?:oleh|de|di|von|door)\b",
    r"(?:.{0,40}[/|(] ?)?(?:getty images|shutterstock|unsplash|istock(?:photo)?|afp|ap photo|reuters)\)?",
)

FORM_HEADING = _any(
    r"(?:leave|post|write|add) (?:a |your )?(?:reply|comment)(?: to .{1,60})?(?: cancel reply)?|cancel reply",
    r"join the (?:discussion|conversation)|(?:laisse[rz]|poste[rz]|ajoute[rz]|ecrire) (?:un|votre) commentaire"
    r"|laisser une reponse",
    r"tinggalkan (?:balasan|komentar)|(?:beri|tulis)(?:kan)? komentar(?: anda)?|deja(?:r)? (?:una respuesta"
    r"|un comentario)",
    r"schreiben? (?:sie )?einen kommentar|(?:einen )?kommentar (?:schreiben|hinterlassen|verfassen)",
    r"hinterlassen? (?:sie )?(?:eine antwort|einen kommentar)|lascia (?:un commento|una risposta)"
    r"|antwort hinterlassen",
    r"deixe (?:um comentario|uma resposta)|geef een reactie|laat een reactie achter",
    r"发表(?:评论|回复)|コメントを残す",
)
FORM_LINE = _any(
    r".{0,25}\b(?:e-?mail|surel|correo|courriel|mail)\b.*(?:not be published|sera pas publie|tidak akan dipublikasikan"
    r"|no sera publicad"
    r"|nicht veroffentlicht|non sara pubblicat|nao sera publicad|niet gepubliceerd)",
    r".{0,45}\b(?:required fields are marked|champs obligatoires|ruas yang wajib|campos obligatorios"
    r"|erforderliche felder"
    r"|campi obbligatori|campos obrigatorios|vereiste velden)",
    r"(?:save my name|enregistrer mon nom|simpan nama|guarda(?:r)? mi nombre|meinen? namen?,? .*speichern"
    r"|salva il mio nome)",
    r"notify me of (?:new|follow)|prevenez-moi|beri ?tahu saya|benachrichtige mich|avertissez-moi",
    r".{0,45}\b(?:akismet|recaptcha)\b|this site .*reduce spam|ce site utilise .*indesirables|.*spam (?:prevention"
    r"|zu reduzieren)",
    r"i (?:hereby )?(?:accept|agree|consent|have read)\b.*(?:data|ip address|privacy|terms)|j'accepte .*donnees",
    r"saya (?:setuju|menyetujui)\b.*(?:data|kebijakan)|ich (?:stimme|bin|habe)\b.*(?:daten|datenschutz)",
    r"(?:acepto|he leido|accetto|aceito)\b.*(?:datos|privacidad|dati|dados)",
    r"(?:your |votre |nama |alamat )?(?:name|full name|e-?mail(?: address)?|website|comment|message|url|nom"
    r"|site web|commentaire"
    r"|nama|surel|situs web|komentar|nombre|correo(?: electronico)?|web|comentario|kommentar|nachricht) ?\*?",
    r"(?:post|submit|send|publish)(?: your)? comment|submit|envoyer|publier le commentaire|kirim(?: komentar)?"
    r"|absenden"
    r"|kommentar abschicken|publicar(?: el)? comentario|enviar|invia(?: commento)?|cancel reply|annuler la reponse",
)
COOKIES = _any(
    r"(?:we|this (?:web)?site|our (?:web)?site|we and our partners)\b.{0,60}\buses?\b.{0,40}\bcookies\b",
    r"by (?:using|continuing|clicking|browsing|accepting)\b.*\b(?:agree|accept|consent)\b",
    r"(?:nous utilisons|ce site utilise|en poursuivant)\b.*\bcookies\b",
    r"(?:kami|situs (?:web )?ini|dengan (?:terus |tetap )?(?:menggunakan|melanjutkan|mengakses))\b.*\b(?:cookies?"
    r"|kuki)\b",
    r"(?:wir (?:verwenden|nutzen)|diese (?:web)?seite|durch die (?:weitere )?nutzung|unsere website)\b.*\bcookies\b",
    r"(?:utilizamos|usamos|este sitio|esta web|al continuar|este site|ao continuar|questo sito"
    r"|utilizziamo)\b.*\bcookies?\b",
)
CONSENT_BUTTON = _any(
    r"(?:accept|reject|allow|decline)(?: all)?(?: cookies)?|(?:manage|cookie) (?:preferences|options|settings"
    r"|cookies)|got it",
    r"(?:tout )?(?:accepter|refuser)|parametrer|terima(?: semua)?|tolak|alle akzeptieren|(?:alle )?ablehnen"
    r"|aceptar(?: todo)?|ok",
)
CONSENT_TOPIC = re.compile(
    r"\bcookies?\b|\bgdpr\b|\brgpd\b|\bdsgvo\b|\bprivacy\b|\bpersonal data\b|donnees personnelles|data pribadi"
)
_CRUMB, _STEP = r"[\w&' .-]{1,30}", r" ?[›»>/|→•·] ?"
BREADCRUMB = re.compile(rf"{_CRUMB}{_STEP}{_CRUMB}(?P<more>(?:{_STEP}{_CRUMB})*)")
BREADCRUMB_HOME = re.compile(r"(?:home|accueil|beranda|startseite|inicio|start|news) ?[›»>/|→]", re.IGNORECASE)
"""A path through the site; two or more steps, or one from the home page. Over lines as printed."""
