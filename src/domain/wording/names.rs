//! Names in an edited text. An edit may polish the wording; it may not bring in a person, a place or
//! a bank that the drafted text and the facts do not name.

use std::collections::HashSet;

use super::folding::{fold_text, pieces};

/// The places of words that may be names and are not known: capitalised Latin words, Devanagari
/// words (the script has no capitals, so every new word is one), and words in any other script.
pub(super) fn unknown(edited: &str, known: &HashSet<String>) -> Vec<(usize, usize)> {
    let may_be_name = |word: &str, upper: bool| upper || !word.is_ascii();
    pieces(edited)
        .iter()
        .filter_map(|placed| {
            let word = placed.word()?;
            let unknown = may_be_name(word, placed.upper) && !known.contains(word);
            unknown.then_some((placed.start, placed.end))
        })
        .collect()
}

/// The words of texts, folded.
pub(super) fn words_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> HashSet<String> {
    texts
        .into_iter()
        .flat_map(pieces)
        .filter_map(|placed| placed.word().map(ToOwned::to_owned))
        .collect()
}

/// The words that an edit may always use.
pub(super) fn always_allowed() -> impl Iterator<Item = String> {
    COMMON_EN.split_whitespace().chain(COMMON_HI.split_whitespace()).map(fold_text)
}

const COMMON_EN: &str = "a about act action actions after all also amount amounts an and any are as \
    at bank been but by call case cases correction cyber dear dial disputed do each every for from \
    further has have helpline here hold holds hours if in is ist it its kindly letter lien liens \
    limit list mail marked may no nodal not note now of officer officers oldest on once or our \
    pending please police post quote quoting ref reference regards reply request requested requests \
    respond response sent since soon team thank thanks that the their there these they this those \
    time to today together transfer transfers under unit update we were when which will with yes \
    you your fraud crime rs inr i report read see all complete attention at attend earliest \
    immediately urgently urgent prompt promptly appreciate appreciated awaiting await await regarding concerned \
    respectfully sincerely hello good morning public notice update updated information info details \
    department station district state india official mark marking still us matter matters further";

const COMMON_HI: &str = "अंकित अतः अधिक अधिकारी अनुरोध अनुरोधों अपने अपना अपनी अब अभी आज आदि आप आपका आपकी आपके \
    आपको आपसे इकाई इन इनका इनके इनपर इनमें इस इसका इसकी इसके इसे उक्त उत्तर उन उनका उनके उस उसका उसकी उसके \
    उसे एक एवं एवम ओर और कर करके करता करते करना करने करवाएं कराएं करें का कार्य कार्रवाई कि किए किया की कुल \
    कृपया के को कोई क्रम खेद गई गए गया घंटे घंटों जब जल्द जवाब जाए जाएं जाती जाना जानकारी जाने जारी जिन जिनका \
    जिनके जो तक तथा तत्काल तो था थी थे थाना द्वारा दिया दिए दिन दी दें धन्यवाद धोखाधडी न नहीं निवेदन नोडल ने \
    पर पहले पुनः पुलिस पूर्ण पोस्ट प्रति प्राप्त बजे बाद बारे बैंक भी भेजे भेजें मामला मामले मामलों में यदि \
    यह यहां ये या रहे राशि रूप लंबित लगाएं लगाने लिए लियन लें विवादित विषय व शीघ्र संदर्भ सकें सकते सभी समय \
    समस्त सहयोग सहित साइबर साथ सादर सीमा सूची सूचित से स्थिति हम हमारा हमारी हमारे हमें हुआ हुई हुए है हैं \
    हेतु हो होल्ड होना होने अंतरण आगे आवश्यक महोदय महोदया श्रीमान प्रिय जी तुरंत \
    तुरन्त ध्यान देखें अवगत अनुपालन सुनिश्चित जल्दी यथाशीघ्र अविलंब संबंधित शिकायत शिकायतें शिकायतों पीड़ित \
    हेल्पलाइन संपर्क टीम विभाग ग्राहक सेवा आदेश नियम निर्देश अनुसार कार्यालय अपेक्षित अपेक्षा आभार आभारी \
    शुक्रिया नमस्ते नमस्कार कब कहां कैसे क्या बहुत कुछ वाले वाली वाला रही रहा लेकिन परंतु किंतु ताकि जिससे \
    इसलिए अतिरिक्त अन्य दोनों प्रत्येक हर सबसे पुराना पुराने पुरानी नया नई नए आवेदन पत्र ईमेल मेल फोन काल \
    सूचना संख्या दिनांक तारीख समाप्त बीत चुका चुकी चुके लगभग केवल मात्र शीर्ष संशोधन टिप्पणी प्रतीक्षा \
    प्रतीक्षित त्वरित अनुसरण उल्लेख करवाने करवाना बताएं लिखें लिख भेज रखें सके सकती होगा होगी होंगे";
