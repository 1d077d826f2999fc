//! The ways to hide an identifier from a program and not from a reader.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

pub type Disguise = fn(&mut StdRng, &str) -> String;

/// Each is applied to the plain identifier.
pub const DISGUISES: [Disguise; 19] = [
    plain,
    script,
    symbols,
    english,
    hindi,
    hinglish,
    mixed_words,
    between,
    grouped,
    invisible,
    posing,
    foreign_letters,
    entities,
    percent,
    written_signs,
    keycaps,
    lower,
    pairs_in_words,
    repeated,
];

/// Each can go over another disguise.
pub const OUTER: [Disguise; 6] = [plain, invisible, entities, percent, fullwidth, twice];

fn pick<T: Copy>(rng: &mut StdRng, from: &[T]) -> T {
    *from.choose(rng).expect("not empty")
}

fn each(text: &str, mut change: impl FnMut(char) -> String) -> String {
    text.chars().map(&mut change).collect()
}

fn plain(_: &mut StdRng, text: &str) -> String {
    text.to_owned()
}

fn lower(_: &mut StdRng, text: &str) -> String {
    text.to_lowercase()
}

fn digit(ch: char) -> Option<usize> {
    ch.to_digit(10).and_then(|digit| usize::try_from(digit).ok())
}

/// Digits of another script.
fn script(rng: &mut StdRng, text: &str) -> String {
    let sets = [
        "०१२३४५६७८९",
        "০১২৩৪৫৬৭৮৯",
        "੦੧੨੩੪੫੬੭੮੯",
        "૦૧૨૩૪૫૬૭૮૯",
        "௦௧௨௩௪௫௬௭௮௯",
        "౦౧౨౩౪౫౬౭౮౯",
        "೦೧೨೩೪೫೬೭೮೯",
        "൦൧൨൩൪൫൬൭൮൯",
        "୦୧୨୩୪୫୬୭୮୯",
        "٠١٢٣٤٥٦٧٨٩",
        "۰۱۲۳۴۵۶۷۸۹",
        "๐๑๒๓๔๕๖๗๘๙",
        "０１２３４５６７８９",
        "༠༡༢༣༤༥༦༧༨༩",
        "၀၁၂၃၄၅၆၇၈၉",
        "០១២៣៤៥៦៧៨៩",
        "߀߁߂߃߄߅߆߇߈߉",
    ];
    replace_digits(rng, text, &sets)
}

/// Digits of mathematics, circles, exponents.
fn symbols(rng: &mut StdRng, text: &str) -> String {
    let sets = [
        "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
        "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡",
        "𝟢𝟣𝟤𝟥𝟦𝟧𝟨𝟩𝟪𝟫",
        "𝟬𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵",
        "𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿",
        "⓪①②③④⑤⑥⑦⑧⑨",
        "⓿❶❷❸❹❺❻❼❽❾",
        "🄋➀➁➂➃➄➅➆➇➈",
        "🄌➊➋➌➍➎➏➐➑➒",
        "⓪⓵⓶⓷⓸⓹⓺⓻⓼⓽",
        "⁰¹²³⁴⁵⁶⁷⁸⁹",
        "₀₁₂₃₄₅₆₇₈₉",
        "🯰🯱🯲🯳🯴🯵🯶🯷🯸🯹",
        "⓪⑴⑵⑶⑷⑸⑹⑺⑻⑼",
        "🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐",
    ];
    replace_digits(rng, text, &sets)
}

fn replace_digits(rng: &mut StdRng, text: &str, sets: &[&str]) -> String {
    let set: Vec<char> = pick(rng, sets).chars().collect();
    let some = if rng.random_bool(0.7) { 1.0 } else { 0.6 };
    each(text, |ch| match digit(ch) {
        Some(value) if rng.random_bool(some) => set[value].to_string(),
        _ => ch.to_string(),
    })
}

const ENGLISH: [&[&str]; 10] = [
    &["zero", "oh", "Zero"],
    &["one"],
    &["two", "Two"],
    &["three"],
    &["four"],
    &["five", "FIVE"],
    &["six"],
    &["seven"],
    &["eight"],
    &["nine", "Nine"],
];
const HINDI: [&[&str]; 10] = [
    &["शून्य", "ज़ीरो", "जीरो"],
    &["एक"],
    &["दो"],
    &["तीन"],
    &["चार"],
    &["पाँच", "पांच"],
    &["छह", "छः", "छे"],
    &["सात"],
    &["आठ"],
    &["नौ"],
];
const HINGLISH: [&[&str]; 10] = [
    &["shunya", "zero", "shoonya"],
    &["ek"],
    &["do"],
    &["teen", "tin"],
    &["char", "chaar"],
    &["paanch", "panch"],
    &["chhe", "che", "chah", "chhah"],
    &["saat", "sat"],
    &["aath", "aat"],
    &["nau"],
];

fn in_words(rng: &mut StdRng, text: &str, tables: &[&[&[&str]; 10]]) -> String {
    let sign = pick(rng, &[" ", " ", " ", "-", ", ", " - ", ".", "\n", "_", " / "]);
    let mut out = String::new();
    for ch in text.chars() {
        let Some(value) = digit(ch) else {
            out.push(ch);
            continue;
        };
        if !out.is_empty() && !out.ends_with(char::is_whitespace) {
            out.push_str(
                if out.ends_with(char::is_alphanumeric)
                    || out.ends_with('\u{903}')
                    || !out.is_ascii()
                {
                    sign
                } else {
                    " "
                },
            );
        }
        let table = pick(rng, tables);
        out.push_str(pick(rng, table[value]));
        out.push_str(if sign == "_" { "" } else { sign });
    }
    out.trim_end_matches(sign).to_owned()
}

fn english(rng: &mut StdRng, text: &str) -> String {
    in_words(rng, text, &[&ENGLISH])
}

fn hindi(rng: &mut StdRng, text: &str) -> String {
    in_words(rng, text, &[&HINDI])
}

fn hinglish(rng: &mut StdRng, text: &str) -> String {
    in_words(rng, text, &[&HINGLISH])
}

const DIGITS: [&[&str]; 10] =
    [&["0"], &["1"], &["2"], &["3"], &["4"], &["5"], &["6"], &["7"], &["8"], &["9"]];

fn mixed_words(rng: &mut StdRng, text: &str) -> String {
    in_words(rng, text, &[&ENGLISH, &HINDI, &HINGLISH, &DIGITS])
}

/// `ninety eight seventy six`.
fn pairs_in_words(rng: &mut StdRng, text: &str) -> String {
    const TENS: [&str; 10] =
        ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    const TEENS: [&str; 10] = [
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < chars.len() {
        let pair = digit(chars[i]).zip(chars.get(i + 1).copied().and_then(digit));
        let glue = if out.is_empty() || out.ends_with(' ') { "" } else { " " };
        match pair {
            Some((tens, ones)) if tens > 0 => {
                let words = match (tens, ones) {
                    (1, ones) => TEENS[ones].to_owned(),
                    (tens, 0) => TENS[tens].to_owned(),
                    (tens, ones) => {
                        format!("{}{}{}", TENS[tens], pick(rng, &[" ", "-"]), ENGLISH[ones][0])
                    }
                };
                out.push_str(&format!("{glue}{words} "));
                i += 2;
            }
            _ => {
                match digit(chars[i]) {
                    Some(value) => out.push_str(&format!("{glue}{} ", ENGLISH[value][0])),
                    None => out.push(chars[i]),
                }
                i += 1;
            }
        }
    }
    out.trim_end().to_owned()
}

/// `double five`, `triple nine`.
fn repeated(rng: &mut StdRng, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < chars.len() {
        let same = chars[i..].iter().take_while(|&&ch| ch == chars[i]).count().min(3);
        let glue = if out.is_empty() || out.ends_with(' ') { "" } else { " " };
        match digit(chars[i]) {
            Some(value) if same > 1 => {
                let times = if same == 2 { pick(rng, &["double", "डबल"]) } else { "triple" };
                let word = if rng.random_bool(0.5) {
                    ENGLISH[value][0].to_owned()
                } else {
                    value.to_string()
                };
                out.push_str(&format!("{glue}{times} {word} "));
                i += same;
            }
            Some(value) => {
                out.push_str(&format!("{glue}{} ", ENGLISH[value][0]));
                i += 1;
            }
            None => {
                out.push(chars[i]);
                i += 1;
            }
        }
    }
    out.trim_end().to_owned()
}

fn is_code(text: &str) -> bool {
    !text.contains('@')
}

/// A sign between all characters; an address keeps its name whole.
fn between(rng: &mut StdRng, text: &str) -> String {
    let sign = pick(
        rng,
        &[
            " ", "-", ".", "–", "—", "_", "/", ",", " - ", "🙂", "⭐", "·", "•", "  ", "\t", "\n",
            "|", "*", "~", "‑", "−", ". ", ", ", "❤️",
        ],
    );
    if !is_code(text) {
        return text.replace('@', pick(rng, &[" @ ", "@\u{200B}", "@\u{2060}", "＠", "﹫"]));
    }
    if text.contains(' ') || text.contains('/') {
        return text.replace('/', pick(rng, &[" / ", "/", "-", " - "]));
    }
    let chars: Vec<String> = text.chars().map(String::from).collect();
    chars.join(sign)
}

/// A sign between groups.
fn grouped(rng: &mut StdRng, text: &str) -> String {
    let sign = pick(rng, &[" ", "-", ".", "–", "_", "/", " - ", "🙂", "\n", "\t", " . "]);
    if !is_code(text) || text.contains(' ') || text.contains('/') {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    if text.starts_with(char::is_alphabetic) {
        let part = |range: std::ops::Range<usize>| chars[range].iter().collect::<String>();
        return [part(0..5), part(5..9), part(9..chars.len())].join(sign);
    }
    let size = pick(rng, &[2, 3, 4, 5]);
    let groups: Vec<String> = chars.chunks(size).map(|chunk| chunk.iter().collect()).collect();
    groups.join(sign)
}

fn invisible(rng: &mut StdRng, text: &str) -> String {
    let marks = [
        '\u{200B}',
        '\u{200C}',
        '\u{200D}',
        '\u{2060}',
        '\u{FEFF}',
        '\u{AD}',
        '\u{202D}',
        '\u{2066}',
        '\u{FE0F}',
        '\u{E0101}',
        '\u{E0020}',
        '\u{34F}',
        '\u{301}',
        '\u{336}',
        '\u{20E3}',
        '\u{180E}',
        '\u{200F}',
    ];
    let mark = pick(rng, &marks);
    let often = if rng.random_bool(0.5) { 1.0 } else { 0.4 };
    each(text, |ch| {
        if ch.is_ascii_alphanumeric() && rng.random_bool(often) {
            format!("{ch}{mark}")
        } else {
            ch.to_string()
        }
    })
}

/// Letters that pose as digits, never for more than half of them.
fn posing(rng: &mut StdRng, text: &str) -> String {
    let mut posed = 0;
    let most = text.chars().filter(char::is_ascii_digit).count() / 3;
    each(text, |ch| {
        let letter = match ch {
            '0' => pick(rng, &["O", "o", "О", "ο"]),
            '1' => pick(rng, &["l", "I", "І"]),
            '5' => "S",
            '8' => "B",
            '2' => "Z",
            _ => return ch.to_string(),
        };
        posed += 1;
        if posed > most { ch.to_string() } else { letter.to_owned() }
    })
}

/// Cyrillic, Greek, full-width and mathematical letters.
fn foreign_letters(rng: &mut StdRng, text: &str) -> String {
    let way = rng.random_range(0..4);
    each(text, |ch| {
        let offset = |base: u32, from: char| {
            char::from_u32(base + u32::from(ch) - u32::from(from)).unwrap_or(ch).to_string()
        };
        match (way, ch) {
            (0, 'A'..='Z' | 'a'..='z' | '0'..='9') => offset(0xFF01, '!'),
            (1, 'A'..='Z') => offset(0x1D400, 'A'),
            (1, 'a'..='z') => offset(0x1D41A, 'a'),
            (2, 'A'..='Z') => offset(0x1D670, 'A'),
            (2, 'a'..='z') => offset(0x1D68A, 'a'),
            _ => {
                let from = "ABCEHIKMOPTXYaceopxyis";
                let to = "АВСЕНІКМОРТХУасеорхуіѕ";
                let at = from.chars().position(|letter| letter == ch);
                at.and_then(|at| to.chars().nth(at)).unwrap_or(ch).to_string()
            }
        }
    })
}

fn fullwidth(_: &mut StdRng, text: &str) -> String {
    each(text, |ch| match ch {
        '!'..='~' => char::from_u32(u32::from(ch) + 0xFEE0).unwrap_or(ch).to_string(),
        _ => ch.to_string(),
    })
}

fn entities(rng: &mut StdRng, text: &str) -> String {
    let way = rng.random_range(0..5);
    each(text, |ch| {
        let code = u32::from(ch);
        match (way, ch) {
            (0, _) => format!("&#{code};"),
            (1, _) => format!("&#x{code:x};"),
            (2, _) => format!("&amp;#{code};"),
            (3, '@') => "&commat;".to_owned(),
            (3, '.') => "&period;".to_owned(),
            (3, '/') => "&sol;".to_owned(),
            (3, ' ') => "&nbsp;".to_owned(),
            (3, '-') => "&hyphen;".to_owned(),
            (4, '0'..='9') => format!("&#0{code};"),
            _ => ch.to_string(),
        }
    })
}

fn percent(rng: &mut StdRng, text: &str) -> String {
    let escape = pick(rng, &["%", "%", "%25"]);
    each(text, |ch| {
        let mut bytes = [0; 4];
        ch.encode_utf8(&mut bytes).bytes().map(|byte| format!("{escape}{byte:02X}")).collect()
    })
}

fn twice(rng: &mut StdRng, text: &str) -> String {
    let inner = invisible(rng, text);
    entities(rng, &inner)
}

fn keycaps(rng: &mut StdRng, text: &str) -> String {
    let sign = pick(rng, &["", " ", "\u{200A}"]);
    each(text, |ch| {
        if ch.is_ascii_digit() { format!("{ch}\u{FE0F}\u{20E3}{sign}") } else { ch.to_string() }
    })
}

/// Signs written out: `at`, `dot`, `dash`.
fn written_signs(rng: &mut StdRng, text: &str) -> String {
    if let Some((name, host)) = text.split_once('@') {
        let payment = !host.contains('.');
        let at = if payment {
            pick(rng, &["[at]", " (at) ", "(at)", " [at] ", " at the rate ", " {at} "])
        } else {
            pick(rng, &["[at]", " (at) ", " at ", " AT ", " at the rate ", " एट "])
        };
        let dot = pick(rng, &[" dot ", "[dot]", "(dot)", " (dot) ", " DOT ", " डॉट "]);
        return format!("{name}{at}{}", host.replace('.', dot));
    }
    let sign = pick(rng, &[" dash ", " space ", " hyphen "]);
    if text.contains('/') {
        return text.replace('/', pick(rng, &[" of ", " slash ", "-"]));
    }
    if text.starts_with(|ch: char| ch.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit())
    {
        let chars: Vec<char> = text.chars().collect();
        let groups: Vec<String> = chars.chunks(4).map(|chunk| chunk.iter().collect()).collect();
        return groups.join(sign);
    }
    text.to_owned()
}
