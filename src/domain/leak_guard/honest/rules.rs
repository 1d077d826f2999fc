//! The patterns of the ordinary readings.

use std::sync::LazyLock;

use regex::Captures;

use super::super::pattern::Pattern;
use super::super::runs::named;
use super::Reading;

/// A pattern, and what its match must fulfil.
pub(super) struct Rule {
    pub reading: Reading,
    pub pattern: Pattern,
    pub holds: fn(&Captures<'_>) -> bool,
}

const MONTH: &str = "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|\
oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|जनवरी|फरवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|सितम्बर|अक्टूबर|अक्तूबर|\
नवंबर|नवम्बर|दिसंबर|दिसम्बर|janvari|janwari|farvari|farwari|aprail|julai|agast|sitambar|sitamber|aktubar|aktoobar|\
navambar|navamber|november|disambar|disamber)";

const UNIT: &str = "(?:hours?|hrs?|hr|minutes?|mins?|seconds?|days?|weeks?|months?|years?|yrs?|cases?|actions?|banks?|\
requests?|complaints?|complainants?|victims?|people|persons?|accounts?|liens?|holds?|statements?|branches|branch|officers?|posts?|tags?|replies|reply|\
calls?|mails?|emails?|letters?|notices?|reminders?|arrests?|firs?|accused|districts?|states?|stations?|teams?|\
transactions?|transfers?|layers?|percent|per cent|pc|points?|lakhs?|lacs?|crores?|cr|rupees|pending|overdue|of|working|\
घंटे|घंटों|घंटा|घण्टे|मिनट|दिन|दिनों|सप्ताह|हफ्ते|महीने|माह|वर्ष|साल|मामले|मामलों|मामला|केस|बैंक|बैंकों|कार्रवाई|कार्रवाइयां|\
कार्रवाइयाँ|शिकायतें|शिकायतों|शिकायत|अनुरोध|अनुरोधों|खाते|खातों|पीड़ित|पीडित|पीडितों|लोग|लोगों|शाखाएं|शाखाएँ|शाखाओं|लाख|करोड|हजार|प्रतिशत|फीसदी|बार|\
ghante|ghanto|ghanton|ghanta|din|dino|dinon|mahine|hafte|saal|maamle|mamle|mamlon|maamlon|case|shikayat|shikayaten|\
shikayatein|khate|khaton|log|logon|peedit|lakh|crore|karod|hazar|hazaar|hajar|pratishat|baar|bankon|thousand|million)";

const NUMBER: &str = r"(?:\d{1,3}(?:,\d{2,3})+(?:\.\d{1,2})?|\d{1,6}(?:\.\d{1,2})?)";
const CURRENCY: &str = r"(?:₹|\brs\b\.?|\binr\b|\brupees?\b|\brupaye\b|\brupay\b|\brupe\b|रु\.|रू\.|\bरु\b|\bरू\b|रुपये|रुपए|रुपया|रूपये|र\x{94D})";
const MAGNITUDE: &str = "(?:lakhs?|lacs?|crores?|cr|thousand|million|billion|mn|bn|लाख|करोड|हजार|अरब|सौ|lakh|karod|karore|hazar|hazaar|hajar|sau|hundred)";
const DAY: &str = "(?:[12][0-9]|3[01]|0?[1-9])";
const MON: &str = "(?:1[0-2]|0?[1-9])";
const YEAR: &str = "(?:19|20)[0-9]{2}";
const ITEM: &str = r"[1-9]\d{0,2}(?:\s?[a-z]{1,2}\b|\b)(?:\s?\(\s?[0-9a-z]{1,4}\s?\))*";

pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut rules = money();
    rules.extend(moments());
    rules.extend(law_and_paper());
    rules.extend(lines_and_counts());
    rules
});

fn rule(reading: Reading, pattern: &str, holds: fn(&Captures<'_>) -> bool) -> Option<Rule> {
    // The patterns are constants of this file and every one is compiled by the tests.
    super::super::pattern::pattern(pattern).map(|pattern| Rule { reading, pattern, holds })
}

fn always(_: &Captures<'_>) -> bool {
    true
}

/// A dash is from one section to another: three numbers in a row of dashes are no list, nor is a
/// row of single figures.
fn unchained(found: &Captures<'_>) -> bool {
    const SINGLES: usize = 6;
    let mut singles = 0;
    let spelled = found[0]
        .split(|ch: char| !ch.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .any(|part| {
            singles = if part.len() == 1 { singles + 1 } else { 0 };
            singles >= SINGLES
        });
    !spelled && !dashed(&found[0])
}

fn dashed(text: &str) -> bool {
    let tight: String = text.chars().filter(|ch| *ch != ' ').collect();
    tight
        .split(|ch: char| !ch.is_ascii_digit() && ch != '-')
        .any(|part| part.trim_matches('-').matches('-').count() > 1)
}

fn money() -> Vec<Rule> {
    let plain = r"(?:\d{1,3}(?:,\s?\d{2,3})+(?:\.\d{1,2})?|\d{1,12}(?:\.\d{1,2})?)";
    let amount = format!(r"{plain}(?:\s?{MAGNITUDE}\b)?");
    // The end of a range without a currency of its own: a longer number is no amount (`Rs 500 to 9876543210`).
    let smaller = r"(?:\d{1,3}(?:,\d{2,3})+|\d{1,7})";
    [
        rule(
            Reading::Money,
            &format!(r"{CURRENCY}[ :\-]{{0,2}}{amount}(?:\s?(?:-|to|se|से|–)\s?(?:₹|rs\.?)\s?{amount})?(?:/-)?"),
            always,
        ),
        rule(
            Reading::Money,
            &format!(r"{CURRENCY}[ :\-]{{0,2}}{amount}\s?(?:-|to|se|से|–)\s?{smaller}(?:\s?{MAGNITUDE}\b|[.,;)]?(?:$|\s[^\d\s]))"),
            always,
        ),
        // `Rs.3000/5000/8000`
        rule(Reading::Money, &format!(r"{CURRENCY}[ :\-]{{0,2}}\d{{2,6}}(?:\s?/\s?\d{{2,6}}){{1,4}}\b"), rising),
        rule(
            Reading::Money,
            &format!(r"{plain}(?:\s?/-|\s?{MAGNITUDE}?\s?(?:{CURRENCY}|\brupiya\b|रुपयों|रुपयो))"),
            always,
        ),
        rule(Reading::Money, &format!(r"\d{{1,6}}(?:\.\d{{1,3}})?\s?{MAGNITUDE}\b"), always),
        rule(Reading::Money, r"\d{1,4}(?:\.\d{1,2})?(?:k|l|cr|m)\b", always),
        rule(Reading::Money, r"(?:[$€£]|\busd\b|\baed\b)\s?\d[\d,]{0,12}(?:\.\d{1,2})?", always),
        rule(Reading::Grouped, r"\d{1,2}(?:,\d{2})*,\d{3}(?:\.\d{1,2})?", always),
        rule(Reading::Grouped, r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?", |found| {
            // No post counts beyond a hundred thousand crore: that is a number in equal pieces.
            found[0].bytes().filter(u8::is_ascii_digit).count() <= 12
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// From one amount to a larger one.
fn rising(found: &Captures<'_>) -> bool {
    let amounts = found[0].split(|ch: char| !ch.is_ascii_digit());
    amounts.filter_map(|amount| amount.parse::<u32>().ok()).is_sorted_by(|a, b| a < b)
}

fn moments() -> Vec<Rule> {
    let ordinal = r"(?:\s?(?:st|nd|rd|th)\b)?";
    let list =
        format!(r"(?:{DAY}{ordinal}\s?(?:,|&|-|/|to\b|and\b|se\b|aur\b|से|और|व|एवं|–)\s?){{0,8}}");
    let clock = r"(?:[01]?[0-9]|2[0-4])\s?:\s?[0-5][0-9](?:\s?:\s?[0-5][0-9])?(?:\.\d{1,6})?";
    let dated = format!(
        r"(?:{DAY}-{MON}-(?:{YEAR}|[0-3]\d)|{DAY}/{MON}/(?:{YEAR}|[0-3]\d)|{DAY}\.{MON}\.(?:{YEAR}|[0-3]\d)|{DAY} / {MON} / {YEAR}|{DAY} - {MON} - {YEAR}|{DAY} \. {MON} \. {YEAR}|{YEAR}-{MON}-{DAY}|{YEAR}/{MON}/{DAY}|{YEAR}\.{MON}\.{DAY}|{MON}/{DAY}/{YEAR})"
    );
    [
        rule(
            Reading::Moment,
            &format!(
                r"{list}{DAY}{ordinal}[\s\-./,]{{0,2}}(?:of\s)?{MONTH}\b[\s\-./,']{{0,2}}(?:{YEAR}\b|['’]\d\d\b|[0-3]\d\b)?"
            ),
            unchained,
        ),
        rule(
            Reading::Moment,
            &format!(r"\b{MONTH}\b[\s.\-]{{0,2}}{DAY}{ordinal}(?:\s?[-–,&]\s?{DAY}\b{ordinal})?(?:(?:,\s?|\s{{1,2}}){YEAR}\b)?"),
            always,
        ),
        rule(Reading::Moment, &format!(r"\b{MONTH}\b[\s.,\-']{{0,2}}{YEAR}\b"), always),
        rule(
            Reading::Moment,
            r"\b20[12]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\b(?:,?\s(?:at\s)?(?:[01]\d|2[0-4])[.h:]?[0-5]\d\s?(?:hrs?|hours|h|ist)?\b)?",
            |found| found[0].len() == 8 || found[0].contains(['h', ':', 'i']),
        ),
        rule(Reading::Moment, &format!(r"{dated}(?:t{clock}(?:z|[+\-]\d\d:?\d\d)?|/\d{{1,2}}\b)?"), always),
        rule(Reading::Moment, &format!(r"(?:(?:ist|utc|gmt)\s?[+\-]?\s?)?{clock}(?:\s?(?:(?:am|pm|hrs?|hours|ist)\b|बजे|baje))?"), always),
        rule(Reading::Moment, r"(?:[01]?[0-9]|2[0-4])\.[0-5][0-9]\s?(?:(?:am|pm|a\.m|p\.m|hrs?|hours|ist)\b|बजे|baje)", always),
        rule(Reading::Moment, r"(?:[01][0-9]|2[0-4])[0-5][0-9]\s?(?:(?:hrs?|hours|h|ist)\b|बजे|baje)", always),
        rule(
            Reading::Moment,
            r"\b(?:(?:[01][0-9]|2[0-4])[0-5][0-9]\s?(?:,|-|/|&|to\b|and\b|से|और)\s?){1,11}(?:[01][0-9]|2[0-4])[0-5][0-9]\s?(?:(?:hrs?|hours|h|ist)\b|बजे|baje)",
            |found| [',', '-', '/', '&'].iter().filter(|&&sign| found[0].contains(sign)).count() < 2,
        ),
        rule(Reading::Moment, r"\d{1,2}\s?(?:(?:am|pm|a\.m|p\.m)\b|बजे|baje|o'?clock)", always),
        rule(
            Reading::Moment,
            r"\b\d{1,2}\s?(?:am|pm)?\s?[-–]\s?\d{1,2}\s?(?:am|pm)\b|\b24\s?[x/×]\s?7(?:\s?[x/×·,]\s?365)?\b",
            always,
        ),
        rule(
            Reading::Year,
            r"\b(?P<y>(?:19|20)\d\d)\s?[-/]\s?(?P<n>(?:20)?\d\d)\b",
            |found| {
                let part = |name| found.name(name).and_then(|part| part.as_str().parse::<u32>().ok());
                match (part("y"), part("n")) {
                    (Some(year), Some(next)) => next % 100 == (year + 1) % 100,
                    _ => false,
                }
            },
        ),
        rule(
            Reading::Year,
            &format!(
                r"\b(?:in|since|during|year|years|fy|cy|till|until|by|before|after|from|upto|and|©|q[1-4]|h[12]|वर्ष|साल|सन|saal|san|varsh|early|late|mid)[\s\-]+{YEAR}\b"
            ),
            always,
        ),
        rule(Reading::Moment, &format!(r"\b{YEAR}-(?:0[1-9]|1[0-2]):\s"), always),
        rule(Reading::Year, r"\bfy\s?'?\d\d\b(?:\s?-\s?\d\d\b)?", always),
        rule(Reading::Year, &format!(r"\b{YEAR}\s?(?:में|तक|mein|me|tak|के|ki|का|से)\b"), always),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn law_and_paper() -> Vec<Rule> {
    let section = r"(?:sections?|sect?\.?|secs\.?|u/s\.?|u/ss\.?|ss?\.|धारा|धाराओं|धाराएं|धाराएँ|dhara|dhaara|dharas|articles?|art\.?|rules?|clauses?|para|paras|नियम|अनुच्छेद)";
    let act = r"(?:bnss|bns|ipc|crpc|cr\.?p\.?c\.?|bsa|it act|i\.t\. act|pmla|ndps|rti|it rules|act|आईपीसी|बीएनएस|बीएनएसएस|सीआरपीसी|आईटी एक्ट|अधिनियम|संहिता)";
    let sep = r"\s?(?:,|/|&|;|\band\b|\br/w\b|\bread with\b|\bto\b|\bor\b|-|–|\bव\b|\bऔर\b|\bया\b|\bएवं\b|\baur\b|\bya\b)\s?";
    let list = format!(
        r"{ITEM}(?:(?:{sep}){{1,2}}(?:(?:of\s)?(?:the\s)?{act}\s?)?(?:{section}\s?)?{ITEM}){{0,24}}"
    );
    // What opens with a number is the act's only up to the act's name: `FIR 979/26, Sec 173 BNS`.
    let items = format!(r"{ITEM}(?:(?:{sep}){{1,2}}{ITEM}){{0,24}}");
    let tight = r"[0-9][0-9a-z./()\-:]{0,40}[0-9]";
    let paper = r"(?:circulars?|orders?|notifications?|advisory|letter|memo|memorandum|o\.m|om|g\.o|sop|rbi|dor|dpss|cepd|npci|cert-in|meity|mha|directions?|f\.|s\.o|g\.s\.r|gazette|policy|परिपत्र|आदेश|अधिसूचना|पत्र|नीति|paripatra|aadesh|adesh)";
    let court = r"(?:w\.\s?p|wp|cwp|crm|crl|slp|writ|appeals?|petitions?|bail|application|o\.a|s\.l\.p|misc|pil|civil|revision|याचिका|अपील)";
    [
        rule(Reading::Law, &format!(r"\b{section}\s?(?:no\.?\s?)?{list}"), unchained),
        rule(Reading::Law, &format!(r"{items}\s?(?:of\s)?(?:the\s)?(?:{act})\b"), unchained),
        rule(Reading::Law, &format!(r"\b{act}[\s,]{{1,2}}(?:(?:की|ki|ke|का|के)\s)?(?:{section}\s?)?{list}"), unchained),
        rule(Reading::Law, r"(?:\b(?:pp?\.|pages?)|पृष्ठ)\s?[1-9]\d{0,3}(?:\s?-\s?[1-9]\d{0,3})?\b", always),
        // `318(4) - 12, 316(2) - 7`
        rule(Reading::Law, r"\b[1-9]\d{1,2}[a-z]?\([1-9]\d?\)(?:\([a-z]\))?", always),
        rule(
            Reading::Circular,
            &format!(r"\b{paper}[a-z\u0900-\u0963.\s:()/#,\-]{{0,30}}{tight}"),
            |found| has_year(tail(found)),
        ),
        rule(Reading::Circular, r"\b(?:[a-z]{2,12}[./\-]){1,6}[0-9][0-9a-z./()\-]{0,40}[0-9]", |found| {
            has_year(tail(found)) && !names_a_person_or_case(&found[0])
        }),
        rule(
            Reading::Circular,
            &format!(r"\b{court}[a-z.\s()#\-]{{0,20}}\d{{1,6}}(?:\s?-\s?\d{{1,6}})?(?:\s?/\s?|\s?-\s?|\s(?:of|का|की|/)\s?){YEAR}"),
            always,
        ),
        // The RBI's own departments number without a year (`DoR.AML.REC.48/14.01.001`).
        rule(Reading::Circular, r"\b(?:dor|dbr|dbod|dpss|dnbr|fmrd|foregn|cepd|dos)\.(?:[a-z]{2,5}\.){1,4}[0-9]{1,4}/\d\d\.\d\d\.\d{3}\b", always),
        rule(Reading::Circular, &format!(r"\b\d{{1,5}}\s?/\s?{YEAR}\b"), always),
        rule(Reading::Circular, r"\b(?:iso|iec|iso/iec|ieee|bis|is)[\s\-]?\d{3,6}(?:-\d{1,2})?:\s?(?:19|20)\d\d\b", always),
        rule(Reading::Circular, r"\bbatch\s(?:id\s|nos?\.?\s)?20\d\d-(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01])-\d{1,3}\b", always),
        // A head of account of the government's books: four, two and three figures.
        rule(Reading::Circular, r"(?:\bhead|\bmajor head|\bbudget|मद|लेखा शीर्ष)[a-z\s:.]{1,12}\d{4}-\d{2}-\d{3}(?:-\d{2}){0,3}\b", always),
        rule(Reading::Reference, r"\b[a-z]{3}-[0-9a-z]{5}\b", always),
        rule(
            Reading::Permalink,
            r"\b(?:gov|nic|org|res|ac)(?:\.in)?/(?:[a-z_./?=&#%\-]{0,100}[/=])?\d{1,8}\b/?",
            |found| !["ac=", "acc", "phone", "mob", "upi", "card"].iter().any(|name| found[0].contains(name)),
        ),
        rule(
            Reading::Permalink,
            r"(?:\b(?:tweet|toot|post|status)\s(?:id\s|no\.?\s)?1\d{18}\b|\b(?:x|twitter|facebook|fb|threads|instagram|linkedin|youtube)\.(?:com|net)/[^\s]{0,80}(?:status|statuses|posts?|activity|videos?|reels?|photos?|permalink|fbid|web)[/=:]\d{15,20}|https?://[a-z0-9.\-]+/@[a-z0-9_]{1,30}/\d{15,20}\b|\bdid:plc:[a-z0-9]{24}\b(?:/post/[a-z0-9]{13}\b)?)",
            always,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn lines_and_counts() -> Vec<Rule> {
    let helpline = r"(?:1[ -]9[ -]3[ -]0|19[ -]30|1[ -]1[ -]2|1[ -]5[ -]5[ -]2[ -]6[ -]0|1930|155260|1800|112|100|101|102|104|108|139|181|182|1033|1064|1073|1076|1077|1090|1091|1092|1093|1094|1095|1096|1097|1098|1099|1100|1363|14[4-9]\d\d|15100|1515|1906|1909|1912|1915|1916|1947|1950|1963|1966)";
    let or = r"(?:\s?(?:,|/|&|\||;|•|\bor\b|\band\b|\bya\b|\baur\b|और|या|व)\s?|\s[^\w\n]{1,3}\s)";
    let count = format!(
        r"{NUMBER}(?:\s?(?:,|/|-|–|&|\+|\bto\b|\band\b|\bor\b|\bse\b|\baur\b|\bya\b|से|और|या|\s)\s?{NUMBER}){{0,12}}\s?-?\s?(?:%|{UNIT}\b)"
    );
    [
        rule(Reading::Helpline, &format!(r"\b{helpline}(?:{or}{helpline}){{0,8}}\b"), always),
        rule(
            Reading::TollFree,
            r"(?:\+?91[ \-]?)?0?18[06]0[ \-.]?(?:\d{3}[ \-.]?\d{4}|\d{3}[ \-.]?\d{3}|\d{2}[ \-.]?\d{2}[ \-.]?\d{2,3}|\d{2}[ \-.]?\d{4,5}|\d{4}[ \-.]?\d{3}|\d[ \-.]?\d{3}[ \-.]?\d{3})\b",
            |found| {
                let digits = found[0].bytes().filter(u8::is_ascii_digit).count();
                let lead = found[0].trim_start_matches("+91").trim_start_matches([' ', '-', '0']);
                let prefix = found[0].len() - lead.len();
                let lead_digits = found[0][..prefix].bytes().filter(u8::is_ascii_digit).count();
                (10..=11).contains(&(digits - lead_digits))
            },
        ),
        rule(Reading::TollFree, r"\b18[06]0[ \-]\d{4}\b", always),
        rule(Reading::Count, &count, counted),
        rule(Reading::Count, r"\d{1,3}(?:\.\d{1,2})?\s?(?:%|percent\b|per cent\b|प्रतिशत|फीसदी)", always),
        // `NCRB 2025: 96813 cyber cases`
        rule(Reading::Year, &format!(r"(?:^|[a-z\u0900-\u0963]\s){YEAR}\s?:\s\d{{1,6}}\s[a-z\u0900-\u0963]{{3}}"), always),
        rule(Reading::Year, r"#[a-z\u0900-\u0963]{3,24}(?:1930|(?:19|20)\d\d)\b", always),
        rule(Reading::Year, r"#(?:1930|112|155260)(?:[a-z_][a-z0-9_]{0,24}|[\u0900-\u0963]{1,24})?\b", always),
        rule(Reading::Count, r"\b\d{1,6}\+(?:\s|$)", always),
        // The names of quarters, trains and editions of a program.
        rule(
            Reading::Year,
            &format!(r"\bq[1-4]\b[ :=(\-]{{1,3}}{NUMBER}\b\)?(?:[ ,;|]{{1,3}}q[1-4]\b[ :=(\-]{{1,3}}{NUMBER}\b\)?){{1,3}}"),
            always,
        ),
        rule(
            Reading::Year,
            &format!(r"(?:\b(?:l|layers?\s?)|(?:लेयर|परत)\s?)[1-9]\b[ :=(\-]{{1,3}}{NUMBER}\b\)?(?:[ ,;|]{{1,3}}(?:(?:l|layers?\s?)|(?:लेयर|परत)\s?)[1-9]\b[ :=(\-]{{1,3}}{NUMBER}\b\)?){{1,8}}"),
            few_by_layer,
        ),
        // Codes that nobody has: what awareness posts warn of (`1234, 0000 and 1111`).
        rule(
            Reading::Table,
            r"\b(?:1234|4321|0000|1111|2222|3333|4444|5555|6666|7777|8888|9999)(?:\s?(?:,|/|\band\b|\bor\b|और|या)\s?(?:1234|4321|0000|1111|2222|3333|4444|5555|6666|7777|8888|9999)){1,5}\b",
            always,
        ),
        rule(Reading::Place, r"\btrains?\s(?:nos?\.?\s)?[0-2]\d{4}(?:/[0-2]\d{4})?\b", always),
        rule(Reading::Place, r"\b(?:version|ver\.?|build|chrome|firefox|android|ios|windows)\s\d{1,4}(?:\.\d{1,5}){1,4}\b", always),
        rule(
            Reading::Place,
            r"(?:\bpin(?:\s?codes?)?|पिन(?:\s?कोड)?)\s?[-:.]?\s?[1-8]\d{2}\s?\d{3}\b(?:\s?(?:,|-|/|to\b|and\b|&|से|और|व)\s?[1-8]\d{5}\b){0,8}",
            one_district,
        ),
        rule(
            Reading::Place,
            &format!(r"(?:\bpins?\b|पिन)[a-z\u0900-\u0963\s:.\-]{{0,12}}[1-8]\d{{5}}\s?[:=\-]\s?{NUMBER}(?:\s?[,;|\n]\s?[1-8]\d{{5}}\s?[:=\-]\s?{NUMBER}){{1,12}}\b"),
            counted_by_code,
        ),
        // A latitude and a longitude of India.
        rule(Reading::Place, r"\b(?:[6-9]|[12]\d|3[0-7])\.\d{3,7}°?\s?n?,\s?(?:6[89]|[78]\d|9[0-7])\.\d{3,7}\b", always),
        rule(
            Reading::Place,
            r"(?:\b(?:sector|sec\.|plot|sco|block|tower|flat|house|floor|room|hall|gate|phase|ward|booth|shop)|सेक्टर|प्लॉट|मकान|वार्ड|कमरा)\s?-?(?:(?:no|नं|सं|number)\b\.?)?\s?\d{1,4}(?:\s?-\s?[a-z0-9])?\b",
            always,
        ),
        rule(
            Reading::Place,
            r"\b(?:ips?|ip address(?:es)?|servers?)\b[^\d\n]{0,24}\s\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?:(?:,\s|\sand\s)\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?)*\b",
            octets,
        ),
        // `Sectors 78, 93, 85 and 14`
        rule(
            Reading::Place,
            r"\b(?:sectors|blocks|towers|floors|rooms|halls|gates|phases|wards|booths|shops|plots)\s(?:nos?\.?\s)?[1-9]\d{0,3}(?:(?:,?\sand\s|,\s|\s&\s)[1-9]\d{0,3}){1,19}\b",
            always,
        ),
        rule(Reading::Place, r"\b[a-z\u0900-\u0963]{3,}\s?[-–,:]?\s?[1-8]\d{5}\b", |found| {
            !names_a_person_or_case(&found[0]) && named_place(&found[0])
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `L1 11, L2 19, L3 12`: layers in their order, and in all of them too few figures for an identifier.
fn few_by_layer(found: &Captures<'_>) -> bool {
    const MOST: usize = 8;
    let numbers = found[0].split(|ch: char| !ch.is_ascii_digit()).filter(|part| !part.is_empty());
    let (layers, counts): (Vec<_>, Vec<_>) =
        numbers.enumerate().partition(|(place, _)| place % 2 == 0);
    let layers: Vec<_> = layers.into_iter().map(|(_, layer)| layer).collect();
    let figures: usize = counts.iter().map(|(_, count)| count.len()).sum();
    layers.len() == counts.len() && layers.is_sorted_by(|a, b| a < b) && figures <= MOST
}

/// The parts of an internet address go up to 255.
fn octets(found: &Captures<'_>) -> bool {
    let mut parts = found[0].split(|ch: char| !ch.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.all(|part| part.parse::<u8>().is_ok())
}

/// Postal codes named together are neighbours: the first three digits are the district's.
fn one_district(found: &Captures<'_>) -> bool {
    let digits: String = found[0].chars().filter(char::is_ascii_digit).collect();
    let mut districts = digits.as_bytes().chunks(6).map(|code| code.get(..3));
    let first = districts.next();
    districts.all(|district| Some(district) == first)
}

/// `122001: 58, 122002: 85`: every figure stands beside a postal code of the same district.
fn counted_by_code(found: &Captures<'_>) -> bool {
    let codes = found[0]
        .split(|ch: char| !ch.is_ascii_digit())
        .filter(|number| number.len() == 6)
        .filter_map(|code| code.get(..3));
    let mut codes = codes.peekable();
    let first = codes.peek().copied();
    codes.all(|district| Some(district) == first)
}

/// The word before a six-digit number makes it no postal code.
fn named_place(text: &str) -> bool {
    const NOT_PLACES: [&str; 5] = ["number", "transaction", "otp", "dial", "नंबर"];
    named(text).is_none() && !NOT_PLACES.iter().any(|word| text.starts_with(word))
}

/// The digits and what stands between, at the end of a match.
fn tail<'t>(found: &'t Captures<'_>) -> &'t str {
    let whole = &found[0];
    whole.find(|ch: char| ch.is_ascii_digit()).map_or("", |at| &whole[at..])
}

fn has_year(tail: &str) -> bool {
    let mut groups = tail.split(|ch: char| !ch.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut year = false;
    let mut count = 0;
    let short = groups.all(|group| {
        count += 1;
        year |= group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
        group.len() <= 7
    });
    short && year && count >= 2
}

/// The text names an identifier of a person or a case, so its number is not a circular's.
fn names_a_person_or_case(text: &str) -> bool {
    const NAMES: [&str; 12] = [
        "fir",
        "ack",
        "ncrp",
        "account",
        "acc",
        "complaint",
        "card",
        "aadhaar",
        "cr.no",
        "case",
        "acct",
        "ref",
    ];
    NAMES.iter().any(|name| text.starts_with(name))
}

/// Counts before their unit: no leading zeros, and in order where long enough for an identifier.
fn counted(found: &Captures<'_>) -> bool {
    const MOST: usize = 8;
    let whole = &found[0];
    let last = whole.rfind(|ch: char| ch.is_ascii_digit()).map_or(0, |at| at + 1);
    let number = |ch: char| ch.is_ascii_digit() || matches!(ch, '.' | ',');
    let numbers: Vec<&str> = whole[..last]
        .split(|ch| !number(ch))
        .map(|number| number.trim_matches(['.', ',']))
        .filter(|number| !number.is_empty())
        .collect();
    // `817,238,323,8 account`: a comma without a space that does not group.
    let long = whole.bytes().filter(u8::is_ascii_digit).count() >= MOST;
    let cut = long
        && numbers.iter().any(|number| {
            number.split(',').skip(1).any(|group| !(2..=3).contains(&group.len()))
                || number.contains(',')
                    && number.rsplit(',').next().is_some_and(|last| last.len() < 3)
        });
    let plain = numbers.iter().filter(|number| !number.contains(','));
    let digits: usize = plain.map(|number| number.len()).sum();
    let leading = numbers
        .iter()
        .any(|number| number.len() > 1 && number.starts_with('0') && !number.starts_with("0."));
    let values: Vec<f64> =
        numbers.iter().filter_map(|number| number.replace(',', "").parse().ok()).collect();
    let ordered = values.is_sorted() || values.iter().rev().is_sorted();
    let singles = numbers.len() > 4 && numbers.iter().all(|number| number.len() == 1);
    let spaced = numbers.len() > 1
        && whole[..last].bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'.'));
    let in_order = ordered && !dashed(whole) && numbers.iter().all(|number| number.len() <= 4);
    // `78326 + 69287 complaints`: nobody adds up the parts of an identifier.
    let added = whole[..last].split(number).all(|sign| sign.is_empty() || sign == " + ");
    !leading
        && !cut
        && !singles
        && (!spaced || values.is_sorted())
        && (digits < MOST || in_order || added && numbers.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(money().len(), 9);
        assert_eq!(moments().len(), 16);
        assert_eq!(law_and_paper().len(), 16);
        assert_eq!(lines_and_counts().len(), 21);
    }
}
