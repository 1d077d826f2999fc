//! The phrases that stand for a class, in English, Hindi and Roman Hindi, and the words that take a
//! claim back. How a phrase is written stands in [`super::matching`].

mod courtesy;

use std::{ops::Range, sync::LazyLock};

use super::{
    matching::{List, has},
    reading::Clause,
};

/// Particular acts that were asked for, as done.
pub(super) static PARTICULAR: LazyLock<List> = LazyLock::new(|| List::new(ACTS));
/// The same with anything between: what a reply denies, asks or promises.
pub(super) static SPOKEN_OF: LazyLock<List> = LazyLock::new(|| List::new(ACTS).loosened());

const ACTS: &[&str] = &[
    "lien|liens ~ marked|markd|mrkd|mkd|placed|imposed|applied|created|actioned|executed|confirmed",
    "marked|placed|imposed|applied|created ~ lien|liens",
    "lien|liens|hold|holds ~ in place|effect",
    "under lien|hold",
    "account|accounts ~ secured|blocked|restrained",
    "lienmarked",
    "hold|holds ~ placed|applied|executed|marked|imposed",
    "placed|applied|executed|marked|imposed ~ hold|holds",
    "put ~ hold",
    "amount|amounts|fund|funds|money|sum|transfer|transfers|transaction|transactions ~ on hold",
    "amount|amounts|fund|funds|money|sum|transfer|transfers|transaction|transactions ~ \
         held|blocked|secured|stopped|restored|refunded|reversed|returned|credited",
    "held|blocked|secured|stopped|restored|refunded|reversed|returned|frozen ~ \
         amount|amounts|fund|funds|money|sum|transfer|transfers|transaction|transactions",
    "^ all ~ marked|held|blocked|placed|actioned",
    "lien|लियन|ग्रहणाधिकार|होल्ड|hold ~ लगा|लगाया|लगाए|लगाई दिया|दिए|दी|लिया|गया|गए|गई",
    "lien|लियन|ग्रहणाधिकार|होल्ड|hold ~ लग गया|गए|चुका|चुके",
    "lien|लियन|ग्रहणाधिकार|होल्ड|hold ~ लगाया|लगाए जा चुका|चुके",
    "lien|लियन|ग्रहणाधिकार|होल्ड ~ मार्क|mark|अंकित|दर्ज कर दिया|दिए|लिया|चुके",
    "lien|लियन|ग्रहणाधिकार|होल्ड ~ मार्क|mark|अंकित|दर्ज किया|किए|हो गया|गए|चुका|चुके|जा",
    "राशि|रकम|धनराशि|पैसा|पैसे|amount|paisa ~ होल्ड|hold|ब्लॉक|block|सुरक्षित कर दी|दिया|दिए|ली|लिया",
    "राशि|रकम|धनराशि|पैसा|पैसे|amount ~ रोक दी|दिया|दिए|ली|लिया",
    "राशि|रकम|धनराशि|पैसा|पैसे|amount ~ होल्ड|hold पर रखा|रखी|रख",
    "राशि|रकम|धनराशि|पैसा|पैसे|amount ~ वापस|लौटा कर|दी|दिया|दिए दिया|दी|दिए|गया|गई",
    "lien|hold ~ laga|lagaya|lagaye diya|diye|liya|gaya|gya|gaye|dia",
    "lien|hold ~ lag gaya|gya|gaye|chuka|chuke",
    "lien|liens|hold ~ mark|place kar|kr diya|diye|dia|liya|chuke|chuka",
    "lien|liens|hold ~ mark|place ho|kiya|kiye gaya|gya|gaye|chuka",
    "amount|paisa|paise|rashi|rakam|fund|funds ~ hold|block|freeze kar|kr diya|di|dia|liya|li|chuke",
    "amount|paisa|paise|rashi|rakam|fund|funds ~ hold|block kiya|ho gaya|gya|chuka",
    "amount|paisa|paise|rashi|rakam ~ rok diya|di|liya|li",
    "froze|frozen|blocked|parked|secured ~ amount|sum|money|funds|rs",
    "amount|sum|money|funds ~ parked|safe|ring-fenced|ringfenced",
    "account|accounts ~ carry|carries|bear|bears ~ lien",
    "lien|liens|hold|holds ~ active|done|live|up",
    "lien|liens|hold|holds ~ in force",
    "^ lien|liens|hold|holds ~ done",
    "lien|liens|hold ~ stand|stands marked|placed",
    "lien|hold|होल्ड|लियन ~ डाल|daal|dal|चढ़ा|chadha दिया|दी|diya|di",
    "राशि|रकम|धनराशि|पैसा|पैसे|amount|rakam|rashi|paisa ~ सुरक्षित|surakshit ~ गई|गया|दी|ली|gayi|gai|gaya",
    "amount|paisa|paise|rashi|rakam ~ rok ~ gayi|gai|gaya",
    "lien|hold marking|placement ~ completed|done|complete",
    "लियन|ग्रहणाधिकार ~ चिह्नित|अंकित कर दिया",
    "राशि|रकम|पैसे|amount ~ रोक लगा दी|दिया",
    "lien|hold ~ lagwa|lagva diya|di",
    "पैसा|राशि|रकम|पैसे .. वापस|लौटा कर|दी|दिया|दिए दिया|दी|दिए|गया|गई",
];

/// Acts that are called done and not named.
pub(super) static GENERAL: LazyLock<List> = LazyLock::new(|| {
    List::new(&[
        "action|actions ~ taken",
        "complied with",
        "request|requests ~ complied|executed|fulfilled|actioned",
        "acted on|upon",
        "^ actioned",
        "^ completed $",
        "^ done $",
        "^ done sir|from|at",
        "कार्रवाई|कार्यवाही|कारवाई ~ कर दी|ली",
        "कार्रवाई|कार्यवाही|कारवाई ~ की गई",
        "कार्रवाई|कार्यवाही|कारवाई ~ जा चुकी",
        "कार्रवाई|कार्यवाही|कारवाई ~ हो गई|चुकी",
        "अनुपालन ~ कर|किया दिया|गया|लिया",
        "action ~ le|liya liya|gaya|gya",
        "action ~ ho gaya|gya",
        "karwai|karyawahi|karyavahi|kaarwai|karrawai ~ kar|kr di|li|diya",
        "karwai|karyawahi|karyavahi|kaarwai|karrawai ~ ho gayi|gai|chuki",
        "instruction|instructions|direction|directions|order|orders ~ carried out",
        "instruction|instructions|direction|directions|order|orders ~ complied|executed|implemented|followed",
        "needful ~ done",
        "carried out your",
        "निर्देश|निर्देशों|आदेश|अनुरोध|मांग ~ पालन|अनुपालन ~ हो|कर ~ चुका|गया|दिया",
        "nirdesh|aadesh|request ~ palan ~ ho|kar ~ chuka|gaya|diya",
        "kaam|काम ~ ho|हो gaya|gya|गया",
        "compliance ~ done|completed",
        "अनुरोध|अनुरोधों|निर्देशों ~ अमल हो|कर गया|दिया|चुका",
    ])
});

static DISPUTE: LazyLock<List> = LazyLock::new(|| {
    List::new(&[
        "not belong",
        "not belongs",
        "no such account|accounts|customer|request|record",
        "hold no such account",
        "account|accounts .. not with|in us|our",
        "not ours",
        "not .. account|accounts|customer with|of us|ours",
        "by|with another|other|different entity|bank|institution|company|issuer",
        "appears|seems .. mistake|error|confusion",
        "not .. our customer|account|bank",
        "account|accounts .. not maintained|held",
        "not|never .. received|receive|recieved .. request|requests|mail|mails|letter|notice|email|communication",
        "never received",
        "request|requests|notice .. incomplete",
        "incomplete details|information|request",
        "details|information|particulars .. insufficient|incomplete|missing",
        "was|were|is|are missing",
        "factually",
        "^ incorrect",
        "is|are incorrect|inaccurate|wrong|false|misleading|baseless|untrue",
        "^ misleading|false|wrong",
        "not true|correct|accurate",
        "wrong bank|entity|information|post|account",
        "we|strongly dispute|deny|refute|contest|object",
        "baseless",
        "no|any pending request|requests",
        "no|nothing|none .. request|requests|is|are pending",
        "no|nil balance",
        "zero balance in",
        "insufficient fund|funds|balance",
        "balance .. nil|zero|insufficient",
        "amount|balance|funds .. not available",
        "already .. withdrawn|utilised|utilized|debited|transferred",
        "withdrawn|transferred|utilised .. before|prior",
        "account .. was|is|already closed",
        "could not be marked|held|placed|acted",
        "could not act",
        "not|no .. possible",
        "did not mention|contain|include",
        "is|was invalid",
        "bounced",
        "not on our part|side",
        "not .. our fault",
        "verify|check|recheck your|ur|the facts",
        "court|stay order .. restrains|restrained|stays",
        "received only today|yesterday|now",
        "खाता|खाते|account .. हमारे|हमारा .. नहीं",
        "ऐसा कोई खाता",
        "अनुरोध|पत्र|मेल|ईमेल|नोटिस|मांग .. प्राप्त|मिला नहीं",
        "अनुरोध|पत्र|मेल|ईमेल|नोटिस .. नहीं मिला|मिली",
        "गलत|भ्रामक|असत्य|निराधार है|हैं",
        "तथ्य|तथ्यों|तथ्यहीन .. जांच|सही|नहीं",
        "राशि|शेष|बैलेंस|पैसा|रकम .. उपलब्ध नहीं",
        "शेष .. शून्य",
        "बैलेंस .. नहीं|शून्य",
        "पहले ही निकाली|निकाल|निकल|ट्रांसफर|स्थानांतरित",
        "अधूरा|अधूरी|अपूर्ण",
        "कोई .. लंबित नहीं",
        "खंडन .. करते|करता",
        "नहीं .. जा सका|सकी",
        "account|khata .. hamare|hamara .. nahi|nahin|nhi",
        "koi .. mail|request|letter|notice .. nahi|nahin|nhi mila|mili|aaya|aayi",
        "balance .. nahi|nahin|nhi|zero",
        "galat|jhooth hai|h|he",
        "pehle|pahle hi|se nikal|withdraw|transfer",
        "adhuri|adhura|incomplete thi|tha|hai",
        "koi .. pending nahi|nahin|nhi",
        "request|requests|mail|case|cases .. pending|lambit nahi|nahin|nhi hai|h|he|thi|tha",
        "अनुरोध|मेल|पत्र|मामला .. लंबित नहीं है|हैं|थी|था",
        "mail|mails|request|letter|notice .. mili|mila|aayi|aaya nahi|nahin|nhi",
        "mail|mails|request|letter|notice .. mili|mila|aayi|aaya hi nahi|nahin|nhi",
        "मेल|ईमेल|पत्र|नोटिस|अनुरोध .. मिली|मिला|आई|आया ही नहीं",
        "galat post|tweet|jankari|soochna|data",
        "गलत पोस्ट|जानकारी|सूचना|आंकड़े",
        "account|accounts .. different|another|other bank",
        "sit|sits|lie|lies|is|are|held|maintained with|in a|another|different .. bank",
        "nothing|no .. landed|received|reached|come|arrived",
        "had|was|been .. emptied|drained|swept|debited|spent|utilised|withdrawn",
        "does|do not reflect|match|agree",
        "not .. the facts",
        "old|wrong|invalid|incorrect ifsc|account|branch|bank|number|details|address|email",
        "branch merged",
        "cannot be acted|processed|traced|identified|honoured",
        "could not be .. traced|identified|located|found",
        "not .. traceable|found in our",
        "fail|fails to see",
        "no basis",
        "without|missing .. your request cannot",
        "we need the utr|transaction|account|section",
        "fully|already withdrawn|debited|spent|gone|moved",
        "funds|amount|money .. moved|gone|left .. before|earlier|already|prior",
        "मेल|पत्र|अनुरोध|ईमेल|नोटिस .. पहुंचा|पहुंची|आया|आई .. नहीं",
        "खाता|खाते|account|khata .. अन्य|दूसरे|किसी|dusre|doosre|kisi .. बैंक|bank",
        "पैसे|पैसा|राशि|रकम|paise|paisa .. बचे|बची|बचा|bache|bacha .. नहीं|nahi|nhi",
        "number|नंबर|संख्या|details|vivaran|विवरण .. galat|गलत",
        "mail|letter|request .. nahi|nahin|nhi mila|mili|aaya|aayi|pahucha",
        "आपत्ति|आरोप .. गलत|निराधार|असत्य|दर्ज",
        "remove|withdraw|delete|retract .. this|your|the post|tweet",
        "unfair|unfounded|unwarranted|defamatory",
        "contrary to",
        "not hold any account|accounts",
        "reached|received .. after the customer",
        "correct your|the records|record|facts|post",
        "never delivered|served|received",
        "lacked|lacks",
        "sought clarification",
        "nothing to mark|hold|block",
        "belongs to|with a|another|different",
        "सही|sahi नहीं|nahi|nahin है|hai",
        "तथ्यों|तथ्य से|के परे|विपरीत",
        "देरी|deri हमारी|hamari .. नहीं|nahi",
        "paise|paisa|amount|राशि|पैसे .. nikal|निकाल liye|liya|लिए|ली gaye|gaya|गए|गई",
        "दर्ज नहीं",
    ])
});

/// It is answered by mail or letter.
static ANSWERED: LazyLock<List> = LazyLock::new(|| {
    List::new(&[
        "replied|responded .. mail|e-mail|email|emails|letter|notice|notices",
        "response|reply|replies .. sent|shared .. mail|email|e-mail|official|io|letter|nodal",
        "mail|email|e-mail reply|response .. sent",
        "मेल|ईमेल|पत्र|नोटिस .. उत्तर|जवाब .. दे|भेज|दिया दिया|गया",
        "mail|email|letter|notice .. jawab|reply|uttar .. de|bhej|diya diya|gaya|di",
        "mail|email|e-mail|letter .. answering|replying|responding",
        "refer|see our|the mail|email|e-mail|letter|reply|response",
        "answered .. mail|email|letter|notice|writing",
        "response|reply|replies|answer|report .. mailed|emailed|couriered",
        "response|reply|replies|answer|report .. submitted|furnished|given|filed .. office|police|station|io|dcp|letter|mail|email|portal",
        "reply|replied|response|responded .. vide|via|through|by .. mail|email|letter",
        "mail|email|letter .. sent|went .. in reply|response|answer",
    ])
});

/// What takes a claim back where it stands before it in the sentence, or after it in the same part.
static AGAINST: LazyLock<List> = LazyLock::new(|| {
    List::new(&[
        // It is denied.
        "not|no|never|none|nobody|nothing|neither|nor|without|cannot|unable|fail|failed|failing|failure|deny|denied",
        "hasn't|haven't|hadn't|isn't|aren't|wasn't|weren't|didn't|don't|doesn't|can't|couldn't|won't|wouldn't|shouldn't",
        "hasnt|havent|hadnt|isnt|arent|wasnt|werent|didnt|dont|doesnt|cant|couldnt|wont|wouldnt|shouldnt|nt",
        "yet to",
        "नहीं|नही|न|ना|बिना|मत|असमर्थ",
        "nahi|nahin|nhi|nai|nahee|na|mat|bina",
        // It is promised, or under way.
        "will|shall|would|should|could|can|may|might|must|we'll|it'll|they'll|ll",
        "going to",
        "to be",
        "being|soon|shortly|expected|awaiting|await|awaited|planned|trying|try|retry|hope|hopefully|initiate|initiating",
        "in|under process|progress|way",
        "जाएगा|जाएगी|जाएंगे|जाएंगी|करेंगे|करेगा|करेगी|देंगे|देगा|देगी|लेंगे|होगा|होगी|होंगे|रहा|रही|रहे|चाहिए|सकता|सकते|सका|सकी|हेतु",
        "jayega|jaega|jayegi|jaegi|jayenge|jaenge|karenge|karega|karegi|denge|dega|degi|lenge|hoga|hogi|honge|raha|rahi|rahe|rha|rhe|chahiye|sakta|sakte|saka|saki",
        // It is supposed.
        "if|once|unless|until|till|when|whenever|whether|after|upon|assuming|case|subject|provided",
        "यदि|अगर|जब|तब|मिलने|होने|आने|उपरांत|बाद|पर्यंत",
        "agar|yadi|jab|tab|milne|hone|aane|baad",
        // It is asked for, or somebody else's word.
        "please|kindly|pls|plz|kripya !note|be|find|check|see|see|refer",
        "wants|want|need|needs|ensure|let|expect|expects|intend|intends|plan|plans|refuse|refuses|refused|decline|declines|declined|asking|wish|supposed|meant|due|await|awaits|scheduled|likely|try|tries|attempting|attempt|attempted",
        "rumour|rumours|rumor|rumors|false|fake|untrue",
        "^ had",
        "process|procedure|प्रक्रिया|प्रोसेस",
        "जिन|जिस|जो|jin|jis|jo|which|whose|who",
        "कृपया|क्या|kya",
        "says|say|asked|asks|ask|told|claim|claims|claimed|allege|alleged|believe|think",
        "per your|you",
        "you said|asked|claim|claimed",
        "request you|to",
        "another|other bank|banks",
        "police|customer must|should|wants",
        "half|some|partially|partly",
    ])
});

/// What undoes an act, wherever it stands in the sentence.
static UNDONE: LazyLock<List> = LazyLock::new(|| {
    List::new(&[
        "removed|released|lifted|vacated|cancelled|revoked|unmarked",
        "हटा|हटाया|हटाई|समाप्त",
        "hata|hataya|hatayi",
    ])
});

/// The phrase of a dispute in a sentence that states it.
pub(super) fn dispute(clause: &Clause) -> Option<String> {
    let supposed =
        clause.words.iter().any(|word| ["if", "whether", "यदि", "agar"].contains(&&*word.text));
    if clause.question || supposed { None } else { DISPUTE.first_in(clause) }
}

/// The phrase by which a sentence says that the matter is answered by mail or letter.
pub(super) fn answered_elsewhere(clause: &Clause) -> Option<String> {
    let all = ANSWERED.all_in(clause);
    all.into_iter().find(|found| taken_back(clause, &found.at).is_none()).map(|found| found.phrase)
}

/// The stock phrase in a sentence.
pub(super) fn canned(clause: &Clause) -> Option<String> {
    courtesy::CANNED.first_in(clause)
}

/// What takes back the claim that stands at these words of a sentence; `?` for a question.
pub(super) fn taken_back(clause: &Clause, at: &Range<usize>) -> Option<String> {
    if clause.question {
        return Some("?".to_owned());
    }
    if let Some(undone) = UNDONE.first_in(clause) {
        return Some(undone);
    }
    if !asserted(clause, at) {
        return Some("…".to_owned());
    }
    let part = clause.words.get(at.end.saturating_sub(1)).map(|word| word.part);
    let counts = |word: usize| {
        word < at.end || clause.words.get(word).is_some_and(|word| Some(word.part) == part)
    };
    let all = AGAINST.all_in(clause);
    all.into_iter().find(|found| counts(found.at.start)).map(|found| found.phrase)
}

/// Whether an English participle says that it is done (`has been marked`, `we marked`), or stands
/// alone as a note does (`Lien marked on all accounts`). Elsewhere it may only describe (`the lien
/// marked status`). Other phrases hold their own verb.
fn asserted(clause: &Clause, at: &Range<usize>) -> bool {
    let words: Vec<&str> = clause.words.iter().map(|word| word.text.as_str()).collect();
    let last = words.get(at.end.saturating_sub(1)).copied().unwrap_or_default();
    if !(last.is_ascii() && (last.ends_with("ed") || last == "held")) {
        return true;
    }
    let finite = words[..at.end].iter().any(|word| has(FINITE, word));
    let follows = words.get(at.end).is_none_or(|word| has(FOLLOWS, word) || !word.is_ascii());
    let part = clause.words.get(at.start).map(|word| word.part);
    let begins = clause.words.iter().position(|word| Some(word.part) == part).unwrap_or(0);
    let alone = at.start <= begins + NOTE && follows;
    finite || alone
}

/// With one of these before it, a participle is a statement.
const FINITE: &str = "has have been was were is are stands stand we we've i i've it's team officer desk bank branch \
     already duly now successfully";
/// What may follow a participle that stands alone.
const FOLLOWS: &str = "on in for against at as today yesterday and by from since already sir madam with successfully \
     now this across over till towards to vide per both all kar hai h earlier";
/// A note begins within so many words.
const NOTE: usize = 2;
