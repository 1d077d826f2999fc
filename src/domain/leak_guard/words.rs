//! Number words of English, Hindi and Hinglish, in the spellings that people use.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word says about digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberWord {
    /// A number of one or two digits.
    Value(u8),
    /// `double`, `triple`: the next digit, so many times.
    Repeat(u8),
}

const ENGLISH: &str = "0 zero oh nil nought naught zeero ziro zro jero jeero jiro ज़ीरो ज़िरो|1 one वन|2 two टू|\
3 three थ्री थ्रि|4 four फोर|5 five फाइव फाईव|6 six सिक्स|7 seven सेवन सेवेन|8 eight eigth एट ऐट एइट|\
9 nine nain नाइन नाईन|10 ten टेन|11 eleven इलेवन|12 twelve ट्वेल्व|13 thirteen थर्टीन|14 fourteen फोर्टीन|\
15 fifteen फिफ्टीन|16 sixteen सिक्सटीन|17 seventeen सेवेंटीन|18 eighteen एटीन|19 nineteen नाइनटीन|\
20 twenty ट्वेंटी|30 thirty थर्टी|40 forty fourty फोर्टी|50 fifty फिफ्टी|60 sixty सिक्सटी|\
70 seventy सेवेंटी|80 eighty एटी|90 ninety ninty नाइंटी नाइनटी";

const HINDI: &str = "0 शून्य सुन्ना shunya shoonya sunya shunye shunay sifar सिफर|1 एक इक ek ik eek aek ekk|2 दो do doo dho doh dow|3 तीन teen tin|\
4 चार char chaar|5 पाँच पांच पान्च पाच paanch panch panc paach|6 छह छः छै छे छ: छ chhah chhe chheh chhey che chah chhai chhei cheh chhah|\
7 सात saat sat satt sath|8 आठ aath aanth aat ath aatth|9 नौ नो नव nau nou nav nao|10 दस das dus|11 ग्यारह gyarah gyaarah igyarah gyara|12 बारह barah bara|\
13 तेरह terah|14 चौदह chaudah chauda|15 पंद्रह पन्द्रह pandrah pandra pundrah|16 सोलह solah|17 सत्रह सतरह satrah satarah satra|\
18 अठारह अट्ठारह atharah athara attharah|19 उन्नीस unnis unees|20 बीस bees bis|21 इक्कीस ikkis ekkis|22 बाईस बाइस bais baees|\
23 तेईस तेइस teis teyis|24 चौबीस chaubis|25 पच्चीस pachchis pachis|26 छब्बीस chhabbis chabbis|27 सत्ताईस सत्ताइस sattais|\
28 अट्ठाईस अठ्ठाईस अट्ठाइस अठाईस attais athais atthais|29 उनतीस उन्तीस untis unattis|30 तीस tees tis|31 इकतीस इकत्तीस iktis ikattis ikatis|\
32 बत्तीस battis|33 तैंतीस तेतीस taintis tentis tetis|34 चौंतीस चौतीस chauntis chautis|35 पैंतीस paintis pentis|\
36 छत्तीस chhattis chattis|37 सैंतीस saintis sentis|38 अड़तीस adtis artis adatis|39 उनतालीस उन्तालीस उनचालीस untalis unchalis|\
40 चालीस chalis|41 इकतालीस iktalis ikatalis|42 बयालीस बियालीस bayalis byalis|43 तैंतालीस तिरतालीस taintalis tentalis|\
44 चौवालीस चवालीस चौंवालीस chauvalis chavalis chauwalis chawalis|45 पैंतालीस paintalis pentalis|46 छियालीस छयालीस chhiyalis chhayalis chiyalis|\
47 सैंतालीस saintalis sentalis|48 अड़तालीस adtalis artalis adatalis|49 उनचास उन्चास unchas unanchas|50 पचास pachas|\
51 इक्यावन इकावन ikyavan ikavan|52 बावन bavan bawan|53 तिरेपन तिरपन tirepan tirpan|54 चौवन चव्वन chauvan chavan chauwan|\
55 पचपन pachpan|56 छप्पन chhappan chappan|57 सत्तावन sattavan|58 अट्ठावन अठावन atthavan athavan attavan|59 उनसठ unsath|60 साठ saath|\
61 इकसठ iksath|62 बासठ basath|63 तिरसठ तिरेसठ tirsath tiresath|64 चौंसठ चौसठ chaunsath chausath|65 पैंसठ painsath pensath|\
66 छियासठ छाछठ chhiyasath chiyasath|67 सड़सठ सरसठ sadsath sarsath|68 अड़सठ adsath arsath|69 उनहत्तर unhattar|70 सत्तर sattar|\
71 इकहत्तर ikhattar|72 बहत्तर bahattar|73 तिहत्तर tihattar|74 चौहत्तर chauhattar|75 पचहत्तर पिचहत्तर pachhattar pichhattar pachahattar|\
76 छिहत्तर छियत्तर chhihattar chihattar|77 सतहत्तर सतत्तर sathattar satahattar|78 अठहत्तर athhattar athahattar|\
79 उन्यासी उनासी उन्नासी unyasi unasi|80 अस्सी assi|81 इक्यासी ikyasi|82 बयासी बियासी bayasi byasi|83 तिरासी तेरासी tirasi|\
84 चौरासी chaurasi|85 पचासी पिचासी pachasi|86 छियासी chhiyasi chiyasi|87 सतासी सत्तासी satasi sattasi|88 अठासी अट्ठासी athasi atthasi|\
89 नवासी navasi nawasi|90 नब्बे नव्वे nabbe nabbey navve|91 इक्यानवे इक्यानबे ikyanve ikyanave|92 बानवे बानबे banve banave|\
93 तिरानवे तिरानबे tiranve tiranave|94 चौरानवे चौरानबे chauranve chauranave|95 पचानवे पंचानवे पिचानवे पंचानबे pachanve panchanve pachanave|\
96 छियानवे छियानबे chhiyanve chiyanve chhiyanave|97 सत्तानवे सत्तानबे सतानवे sattanve sattanave satanve|\
98 अट्ठानवे अठानवे अट्ठानबे अठ्ठानवे atthanve athanve atthanave attanve|99 निन्यानवे निन्यानबे निन्नानवे ninyanve ninyanave ninanve";

const REPEATS: &str = "2 double dbl dubble dabal dubal twice डबल|3 triple tripple tripal treble thrice ट्रिपल|4 quadruple";

/// Words of ordinary speech whose sound is that of a number.
const NOT_NUMBERS: [&str; 14] = [
    "at", "no", "now", "so", "to", "sole", "the", "is", "set", "ate", "panic", "pan", "tera",
    "dash",
];

static EXACT: LazyLock<HashMap<String, NumberWord>> = LazyLock::new(|| {
    let values = entries(ENGLISH).map(|(value, word)| (plain(word), NumberWord::Value(value)));
    let repeats = entries(REPEATS).map(|(times, word)| (plain(word), NumberWord::Repeat(times)));
    let hindi = entries(HINDI).map(|(value, word)| (plain(word), NumberWord::Value(value)));
    hindi.chain(values).chain(repeats).collect()
});

static BY_SOUND: LazyLock<HashMap<String, NumberWord>> = LazyLock::new(|| {
    entries(HINDI).map(|(value, word)| (sound(&plain(word)), NumberWord::Value(value))).collect()
});

fn entries(table: &'static str) -> impl Iterator<Item = (u8, &'static str)> {
    table.split('|').flat_map(|line| {
        let mut words = line.split_whitespace();
        let value = words.next().and_then(|value| value.parse().ok());
        words.filter_map(move |word| value.map(|value| (value, word)))
    })
}

/// Without the nukta, which folding has dropped from the text too.
fn plain(word: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    word.nfd().filter(|&ch| ch != '\u{93C}').collect()
}

/// A key that most spellings of one Hindi word share, in either script.
fn sound(word: &str) -> String {
    const FOLDS: [(&str, &str); 22] = [
        ("chh", "ch"),
        ("kh", "k"),
        ("gh", "g"),
        ("th", "t"),
        ("dh", "d"),
        ("bh", "b"),
        ("ph", "f"),
        ("sh", "s"),
        ("aa", "a"),
        ("ee", "i"),
        ("ii", "i"),
        ("oo", "u"),
        ("au", "o"),
        ("ou", "o"),
        ("ai", "e"),
        ("ei", "e"),
        ("ey", "e"),
        ("w", "v"),
        ("be", "ve"),
        ("z", "j"),
        ("iy", "y"),
        ("ah", "a"),
    ];
    let mut key = word.to_owned();
    for (from, to) in FOLDS {
        key = key.replace(from, to);
    }
    let mut out = String::with_capacity(key.len());
    for ch in key.chars() {
        let ch = match ch {
            'ी' => 'ि',
            'ू' => 'ु',
            'ई' => 'इ',
            'ऊ' => 'उ',
            'ठ' => 'ट',
            'ब' => 'व',
            'ँ' | 'ं' | '्' | 'ः' => continue,
            _ => ch,
        };
        if !out.ends_with(ch) {
            out.push(ch);
        }
    }
    out
}

/// What one word (lower case, no nukta) says, if it is a number word.
pub(super) fn number_word(word: &str) -> Option<NumberWord> {
    if word.len() > 48 || NOT_NUMBERS.contains(&word) {
        return None;
    }
    if let Some(&exact) = EXACT.get(word) {
        return Some(exact);
    }
    if word.chars().count() < 4 {
        return None;
    }
    BY_SOUND.get(&sound(word)).copied()
}

/// Number words written without a space between (`NineEightSeven`), each with its length in
/// characters; nothing unless they make up the whole word.
pub(super) fn run_together(letters: &[char]) -> Option<Vec<(NumberWord, usize)>> {
    const LONGEST: usize = 10;
    const MOST: usize = 200;
    if letters.len() < 5 || letters.len() > MOST {
        return None;
    }
    // best[i]: the length of the word that ends at i in a whole reading of letters[..i].
    let mut best: Vec<Option<(NumberWord, usize)>> = vec![None; letters.len() + 1];
    for end in 1..=letters.len() {
        for length in (2..=LONGEST.min(end)).rev() {
            let start = end - length;
            if start > 0 && best[start].is_none() {
                continue;
            }
            let word: String = letters[start..end].iter().collect();
            if let Some(&number) = EXACT.get(word.as_str()) {
                best[end] = Some((number, length));
                break;
            }
        }
    }
    let mut words = Vec::new();
    let mut end = letters.len();
    while end > 0 {
        let (number, length) = best[end]?;
        words.push((number, length));
        end -= length;
    }
    words.reverse();
    (words.len() >= 2).then_some(words)
}
