//! Letters that pose as digits (`O` for 0, `l` for 1), told from the words and codes of an
//! ordinary post by what stands around them.

use std::ops::Range;

use super::digits::{Kind, Token};
use super::normalise::Glyph;

/// The digit that a letter poses as.
fn posed(ch: char) -> Option<char> {
    Some(match ch {
        'o' | 'q' | 'd' => '0',
        'l' | 'i' => '1',
        'z' => '2',
        'e' => '3',
        'a' => '4',
        's' => '5',
        'g' => '6',
        't' => '7',
        'b' => '8',
        _ => return None,
    })
}

/// The letters that pose well enough to be believed in a short word too.
fn poses_well(ch: char) -> bool {
    matches!(ch, 'o' | 'l' | 'i' | 's' | 'b' | 'z')
}

pub(super) fn pose(glyph: &Glyph) -> Glyph {
    Glyph { ch: posed(glyph.ch).unwrap_or(glyph.ch), ..*glyph }
}

/// For each token, whether its letters are to be read as digits.
pub(super) fn posing(glyphs: &[Glyph], tokens: &[Token]) -> Vec<bool> {
    let mut posing = vec![false; tokens.len()];
    for (i, token) in tokens.iter().enumerate() {
        posing[i] = token.kind == Kind::Mixed && poses_alone(&glyphs[token.range.clone()]);
    }
    // Twice, for one that poses may stand before another that does.
    for i in (0..tokens.len()).chain(0..tokens.len()) {
        let believable = matches!(tokens[i].kind, Kind::Mixed | Kind::Letters)
            && could_pose(&glyphs[tokens[i].range.clone()]);
        let lettered = matches!(tokens[i].kind, Kind::Mixed | Kind::Letters);
        if !posing[i]
            && !names_a_layer(glyphs, tokens, i)
            && !is_called_so(&glyphs[tokens[i].range.clone()])
        {
            posing[i] = believable && poses_among(glyphs, tokens, &posing, i)
                || lettered && row_of_pieces(glyphs, tokens, i) && !is_section(glyphs, tokens, i);
        }
    }
    posing
}

/// `L1 11, L2 19`: the names of layers before their counts, in order, and in all the counts too few
/// figures for an identifier.
fn names_a_layer(glyphs: &[Glyph], tokens: &[Token], i: usize) -> bool {
    const MOST: usize = 8;
    let layer = |at: usize| match &glyphs[tokens.get(at)?.range.clone()] {
        [letter, number] if letter.ch == 'l' && letter.upper => number.ch.to_digit(10),
        _ => None,
    };
    let Some(own) = layer(i) else { return false };
    let forward = (i..).step_by(4).zip(own..).take_while(|&(at, nth)| layer(at) == Some(nth));
    let back = (1..own).map_while(|by| Some((i.checked_sub(4 * by as usize)?, own - by)));
    let back = back.take_while(|&(at, nth)| layer(at) == Some(nth));
    let counts: Vec<usize> = forward
        .chain(back)
        .map(|(at, _)| tokens.get(at + 2).map_or(0, |count| count.range.len()))
        .collect();
    counts.len() >= 2 && counts.iter().sum::<usize>() <= MOST
}

/// Banks and standards are called by letters that pose well (`SBI`, `ISO27001`).
fn is_called_so(token: &[Glyph]) -> bool {
    let word: String = token.iter().map(|glyph| glyph.ch).collect();
    matches!(word.as_str(), "bob" | "sbi" | "boi" | "iob")
        || word.strip_prefix("iso").is_some_and(|no| no.bytes().all(|byte| byte.is_ascii_digit()))
}

fn poses_alone(token: &[Glyph]) -> bool {
    let digits = token.iter().filter(|glyph| glyph.ch.is_ascii_digit()).count();
    let letters = token.len() - digits;
    let well = token.iter().all(|glyph| glyph.ch.is_ascii_digit() || poses_well(glyph.ch));
    let any = token.iter().all(|glyph| glyph.ch.is_ascii_digit() || posed(glyph.ch).is_some());
    let decade = token.len() == 5
        && digits == 4
        && token[4].ch == 's'
        && matches!((token[0].ch, token[1].ch, token[3].ch), ('1', '9', '0') | ('2', '0', '0'));
    let prefix = token.iter().take_while(|glyph| glyph.ch.is_alphabetic()).count();
    let word_first = prefix >= 3 && prefix == letters;
    !decade && !word_first && (well && token.len() >= 5 && digits >= 2 && digits * 2 >= letters)
        || (any && token.len() >= 8 && digits >= 2 * letters)
        || (well && token.len() >= 9 && digits >= 3)
        || (any && token.len() >= 9 && digits >= 3 && 2 * digits >= letters && figure_like(token))
}

/// Nowhere a word of small letters: those that pose badly are capitals, and stand apart.
fn figure_like(token: &[Glyph]) -> bool {
    const LETTERS_ON_END: usize = 4;
    let letter = |glyph: &Glyph| !glyph.ch.is_ascii_digit();
    token.split(|glyph| !letter(glyph)).all(|part| part.len() <= LETTERS_ON_END)
        && token
            .iter()
            .filter(|glyph| letter(glyph))
            .all(|glyph| glyph.upper || poses_well(glyph.ch) || matches!(glyph.ch, 'g' | 'q'))
}

fn could_pose(token: &[Glyph]) -> bool {
    const WORDS: [&str; 8] = ["is", "so", "lo", "i", "bis", "oil", "sis", "bol"];
    let mixed = token.iter().any(|glyph| glyph.ch.is_ascii_digit());
    let well = token.iter().all(|glyph| {
        glyph.ch.is_ascii_digit()
            || poses_well(glyph.ch)
            || (mixed || token.len() == 1) && matches!(glyph.ch, 'g' | 'q')
    });
    let word: String = token.iter().map(|glyph| glyph.ch).collect();
    // `SIs`, `So`: capitals first and a small letter last are a word's.
    let worded = !mixed
        && token.first().is_some_and(|glyph| glyph.upper)
        && token.last().is_some_and(|glyph| !glyph.upper && token.len() > 1);
    let quarter = token.len() == 2 && token[0].ch == 'q';
    if worded || quarter {
        return false;
    }
    let capitals = token.iter().any(|glyph| glyph.upper || glyph.ch.is_ascii_digit());
    well && token.len() <= 6 && (capitals || !WORDS.contains(&word.as_str()))
}

/// A single letter in a row of single digits (`3 - S - l - 2 - 9 - 8`).
fn among_singles(glyphs: &[Glyph], tokens: &[Token], i: usize) -> bool {
    const ENOUGH: usize = 4;
    const REACH: usize = 10;
    if tokens[i].range.len() != 1 {
        return false;
    }
    let single = |at: usize| {
        tokens
            .get(at)
            .filter(|token| token.range.len() == 1)
            .map(|token| glyphs[token.range.start].ch)
    };
    let row = |places: &mut dyn Iterator<Item = usize>| {
        places
            .map_while(single)
            .take_while(|&ch| ch.is_ascii_digit() || poses_well(ch) || matches!(ch, 'g' | 'q'))
            .filter(char::is_ascii_digit)
            .count()
    };
    let after = row(&mut (i + 2..=i + REACH).step_by(2));
    let before = row(&mut (1..=REACH / 2).map_while(|step| i.checked_sub(2 * step)));
    after + before >= ENOUGH
}

/// `FIR no. l39`: the words before say that a number follows.
fn named_number(glyphs: &[Glyph], tokens: &[Token], i: usize) -> bool {
    const NAMES: [&str; 18] = [
        "fir",
        "no",
        "number",
        "num",
        "r",
        "sankhya",
        "nambar",
        "mukadma",
        "mukaddama",
        "crime",
        "एफआईआर",
        "संख्या",
        "नंबर",
        "नं",
        "प्राथमिकी",
        "मुकदमा",
        "क्रमांक",
        "prathmiki",
    ];
    let named = i.checked_sub(2).and_then(|at| tokens.get(at)).is_some_and(|name| {
        let word: String = glyphs[name.range.clone()].iter().map(|glyph| glyph.ch).collect();
        NAMES.contains(&word.as_str()) && tokens[i - 1].range.len() <= 3
    });
    // `FIR lII / Z0Z4`
    let over_stroke = || {
        tokens.get(i + 1).is_some_and(|between| {
            let sign: String = glyphs[between.range.clone()].iter().map(|glyph| glyph.ch).collect();
            matches!(sign.trim(), "/" | "-")
        }) && tokens.get(i + 2).is_some_and(|year| {
            matches!(year.kind, Kind::Mixed | Kind::Digits) && matches!(year.range.len(), 2 | 4)
        })
    };
    named && (tokens[i].kind == Kind::Mixed || over_stroke())
}

/// `/ZO26`, `12 of Z0Z6`: what follows a stroke reads as a year of this century.
fn poses_as_year(glyphs: &[Glyph], tokens: &[Token], i: usize) -> bool {
    let text = |range: &Range<usize>| -> String {
        glyphs[range.clone()].iter().map(|glyph| glyph.ch).collect()
    };
    let before = |by: usize| i.checked_sub(by).map(|at| text(&tokens[at].range));
    let stroke = before(1).is_some_and(|sign| matches!(sign.trim(), "/" | "-"))
        || before(2).is_some_and(|word| word == "of");
    let year: String = glyphs[tokens[i].range.clone()].iter().map(|glyph| pose(glyph).ch).collect();
    let figures = year.bytes().all(|byte| byte.is_ascii_digit());
    let century = ["201", "202"].iter().any(|start| year.starts_with(start));
    stroke && figures && year.len() == 4 && century
}

/// `BO-56-86-Z5-33`: a piece of the same length as the pieces of digits after it.
fn equal_piece(glyphs: &[Glyph], tokens: &[Token], i: usize) -> bool {
    const ENOUGH: usize = 3;
    let token = &tokens[i].range;
    let upper = glyphs[token.clone()].iter().all(|glyph| glyph.upper || !glyph.ch.is_alphabetic());
    let pieces = (i + 1..tokens.len()).step_by(2).map_while(|at| {
        let (between, piece) = (&tokens[at].range, &tokens.get(at + 1)?.range);
        let tight = between.len() <= 2
            && glyphs[between.clone()].iter().all(|glyph| !glyph.ch.is_whitespace());
        let equal = piece.len() == token.len();
        let digits = glyphs[piece.clone()]
            .iter()
            .all(|glyph| glyph.ch.is_ascii_digit() || posed(glyph.ch).is_some());
        let figures = glyphs[piece.clone()].iter().any(|glyph| glyph.ch.is_ascii_digit());
        (tight && equal && digits).then_some(figures)
    });
    token.len() >= 2
        && (upper || tokens[i].kind == Kind::Mixed)
        && pieces.filter(|&figures| figures).count() >= ENOUGH
}

/// `zg1 3A2 846 40`: a row of pieces apart by one sign, all of figures and capitals that pose.
fn row_of_pieces(glyphs: &[Glyph], tokens: &[Token], i: usize) -> bool {
    const LEAST: usize = 9;
    const MOST_PIECES: usize = 20;
    const WORD: usize = 4;
    let piece = |at: usize| {
        let token = &glyphs[tokens.get(at)?.range.clone()];
        let poses = |glyph: &Glyph| {
            glyph.ch.is_ascii_digit()
                || poses_well(glyph.ch)
                || matches!(glyph.ch, 'g' | 'q')
                || glyph.upper && glyph.ch == 'a'
        };
        let word = token.iter().all(|glyph| glyph.ch.is_alphabetic())
            && (token.len() >= WORD || token.len() > 1 && !token.iter().any(|glyph| glyph.upper));
        // `Q1 88 Q2 47`: the name of a quarter.
        let quarter = token.len() == 2 && token[0].ch == 'q' && token[0].upper;
        (!word && !quarter && token.iter().all(poses)).then_some(token)
    };
    let sign = |at: usize| {
        let between = tokens.get(at)?.range.clone();
        // Not `T12:34:56Z`, nor the columns of a table.
        let ch = glyphs[between.start].ch;
        (between.len() == 1 && !matches!(ch, ':' | ',')).then_some(ch)
    };
    if piece(i).is_none() {
        return false;
    }
    let Some(apart) = sign(i + 1).or_else(|| i.checked_sub(1).and_then(sign)) else { return false };
    let forward = (0..MOST_PIECES).map_while(|step| {
        piece(i + 2 * step).filter(|_| step == 0 || sign(i + 2 * step - 1) == Some(apart))
    });
    let back = (1..MOST_PIECES).map_while(|step| {
        let at = i.checked_sub(2 * step)?;
        piece(at).filter(|_| sign(at + 1) == Some(apart))
    });
    let (mut characters, mut figures, mut with_figures) = (0, 0, 0);
    for part in forward.chain(back) {
        let count = part.iter().filter(|glyph| glyph.ch.is_ascii_digit()).count();
        characters += part.len();
        figures += count;
        with_figures += usize::from(count > 0);
    }
    characters >= LEAST && with_figures >= 2 && 5 * figures >= 2 * characters
}

/// `1L-10L`, `10k-1L`: from one amount up to a larger one.
fn is_band(glyphs: &[Glyph], tokens: &[Token], i: usize) -> bool {
    let amount = |at: usize| -> Option<u64> {
        let token = &glyphs[tokens.get(at)?.range.clone()];
        let text: String = token.iter().map(|glyph| glyph.ch).collect();
        let (figures, unit) = text.split_at(text.find(|ch: char| !ch.is_ascii_digit())?);
        let unit = match unit {
            "k" => 1_000,
            "l" => 100_000,
            "cr" => 10_000_000,
            _ => return None,
        };
        figures.parse::<u32>().ok().map(|figures| u64::from(figures) * unit)
    };
    let dash = |at: usize| {
        let between = tokens.get(at).map(|between| &glyphs[between.range.clone()]);
        between.is_some_and(|between| between.iter().filter(|glyph| glyph.ch == '-').count() == 1)
    };
    let band = |low: usize| dash(low + 1) && amount(low) < amount(low + 2) && amount(low).is_some();
    let chained = |low: usize| dash(low + 3) || low.checked_sub(1).is_some_and(dash);
    [Some(i), i.checked_sub(2)].into_iter().flatten().any(|low| band(low) && !chained(low))
}

/// `420/467/120B`: a section of law with its letter, in a list of sections.
fn is_section(glyphs: &[Glyph], tokens: &[Token], i: usize) -> bool {
    let token = &glyphs[tokens[i].range.clone()];
    let Some((last, figures)) = token.split_last() else { return false };
    let shaped = last.ch == 'b'
        && (2..=3).contains(&figures.len())
        && figures.iter().all(|glyph| glyph.ch.is_ascii_digit());
    // Over a stroke, a comma or ` & `; the other may have a letter or a subsection of its own.
    let other = |between: Option<usize>, at: Option<usize>| {
        let near = between.and_then(|at| tokens.get(at)).is_some_and(|sign| sign.range.len() <= 3);
        near && at.and_then(|at| tokens.get(at)).is_some_and(|token| {
            let figures =
                glyphs[token.range.clone()].iter().take_while(|glyph| glyph.ch.is_ascii_digit());
            token.range.len() <= 4 && (1..=3).contains(&figures.count())
        })
    };
    shaped && {
        const LAWS: [&str; 10] =
            ["ipc", "bns", "u/s", "section", "sec", "act", "धारा", "dhara", "भादंसं", "s."];
        let from = tokens[i].range.start.saturating_sub(60);
        let to = (tokens[i].range.end + 6).min(glyphs.len());
        let around: String = glyphs[from..to].iter().map(|glyph| glyph.ch).collect();
        (other(i.checked_sub(1), i.checked_sub(2)) || other(Some(i + 1), Some(i + 2)))
            && LAWS.iter().any(|law| around.contains(law))
    }
}

/// A short word of posing letters is read as digits where digits stand on both sides, or tightly
/// on one.
fn poses_among(glyphs: &[Glyph], tokens: &[Token], posing: &[bool], i: usize) -> bool {
    const LONG: usize = 4;
    const SIDES: [isize; 2] = [1, -1];
    if is_ordinary(glyphs, &tokens[i].range)
        || is_section(glyphs, tokens, i)
        || is_band(glyphs, tokens, i)
    {
        return false;
    }
    let around = Around { glyphs, tokens, posing, i };
    let mixed = tokens[i].kind == Kind::Mixed;
    let single = tokens[i].range.len() == 1;
    named_number(glyphs, tokens, i)
        || poses_as_year(glyphs, tokens, i)
        || equal_piece(glyphs, tokens, i)
        || among_singles(glyphs, tokens, i)
        || SIDES.into_iter().all(|side| around.near(side))
        || SIDES.into_iter().filter(|&side| around.near(side)).any(|side| {
            let beside = around.token(2 * side).len();
            let further = around.is_digits(4 * side);
            mixed && (further || beside >= LONG || around.is_tight(side))
                || single && further && beside == 1
        })
}

/// Signs of an ordinary post that stand by themselves before or after digits.
fn is_ordinary(glyphs: &[Glyph], place: &Range<usize>) -> bool {
    let word = &glyphs[place.clone()];
    let before = |by: usize| place.start.checked_sub(by).map(|at| glyphs[at].ch);
    let after = |by: usize| glyphs.get(place.end + by).map(|glyph| glyph.ch);
    let last = word.last().map(|glyph| glyph.ch);
    let zulu = word.len() == 3 && last == Some('z') && before(1) == Some(':');
    let hashtag = before(1) == Some('#') && word[0].ch.is_alphabetic();
    // `2023, s. 94`: short for *section*.
    let section = word.len() == 1
        && last == Some('s')
        && (after(0), after(1)) == (Some('.'), Some(' '))
        && before(1) == Some(' ')
        && before(2) != Some('.');
    // `ii) 53 (iii) 82`, `b) 16`: the marks of a list.
    let mark = after(0) == Some(')')
        && before(1).is_none_or(|ch| ch.is_whitespace() || ch == '(')
        && (word.len() == 1 || word.iter().all(|glyph| glyph.ch == 'i' && !glyph.upper));
    // `34.7L`: lakh, where nothing of a number follows.
    let lakh = last == Some('l')
        && word.last().is_some_and(|glyph| glyph.upper)
        && word[..word.len() - 1].iter().all(|glyph| glyph.ch.is_ascii_digit())
        && (2..=3).contains(&word.len())
        && before(1) == Some('.')
        && before(2).is_some_and(|ch| ch.is_ascii_digit())
        && after(0).is_none_or(|ch| matches!(ch, ' ' | '\n' | ',' | ')'))
        && !after(1).is_some_and(|ch| ch.is_ascii_digit());
    zulu || hashtag || section || mark || lakh
}

/// What stands around one token; a side is 1 or -1, every other step is what lies between.
struct Around<'a> {
    glyphs: &'a [Glyph],
    tokens: &'a [Token],
    posing: &'a [bool],
    i: usize,
}

impl Around<'_> {
    fn at(&self, steps: isize) -> Option<usize> {
        self.i.checked_add_signed(steps).filter(|&at| at < self.tokens.len())
    }

    /// The characters of the token so many steps away; none past the end.
    fn token(&self, steps: isize) -> &[Glyph] {
        self.at(steps).map_or(&[], |at| &self.glyphs[self.tokens[at].range.clone()])
    }

    /// Digits, or what is read as digits.
    fn is_digits(&self, steps: isize) -> bool {
        const MOST: usize = 6;
        let token = self.token(steps);
        let well = |glyph: &Glyph| glyph.ch.is_ascii_digit() || poses_well(glyph.ch);
        self.at(steps).is_some_and(|at| match self.tokens[at].kind {
            _ if self.posing[at] => true,
            Kind::Digits | Kind::Number(_) => true,
            Kind::Mixed => token.len() <= MOST && token.iter().all(well),
            _ => false,
        })
    }

    /// Digits on this side, with a sign or a few between.
    fn near(&self, side: isize) -> bool {
        const MOST_SIGNS: usize = 5;
        let between = self.at(side).is_some_and(|at| self.tokens[at].kind == Kind::Between);
        between && self.token(side).len() <= MOST_SIGNS && self.is_digits(2 * side)
    }

    /// No space lies between.
    fn is_tight(&self, side: isize) -> bool {
        self.token(side).iter().all(|glyph| !glyph.ch.is_whitespace())
    }
}
