//! Replaces what is read as digits by digits: number words, and letters that pose as digits.

use std::ops::Range;

use super::normalise::{Glyph, Spelled, is_indic};
use super::posing::{pose, posing};
use super::words::{self, NumberWord};

/// A stretch of letters and digits, or of what stands between.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub range: Range<usize>,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Between,
    Digits,
    Letters,
    Mixed,
    Number(NumberWord),
}

/// The same text with number words and posing letters replaced by digits.
pub(super) fn digitise(glyphs: &[Glyph]) -> Vec<Glyph> {
    let tokens = number_tokens(glyphs, tokens(glyphs));
    let posing = posing(glyphs, &tokens);
    let mut out = Vec::with_capacity(glyphs.len());
    let mut i = 0;
    while i < tokens.len() {
        let token = &tokens[i];
        match token.kind {
            Kind::Number(number) => i = write_number(glyphs, &tokens, i, number, &mut out),
            _ if posing[i] => {
                out.extend(glyphs[token.range.clone()].iter().map(pose));
                i += 1;
            }
            _ => {
                out.extend_from_slice(&glyphs[token.range.clone()]);
                i += 1;
            }
        }
    }
    out
}

fn is_letter(ch: char) -> bool {
    ch.is_alphabetic() || matches!(ch, '\u{94D}' | '\u{901}'..='\u{903}')
}

fn tokens(glyphs: &[Glyph]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    for (at, glyph) in glyphs.iter().enumerate() {
        let kind = if glyph.ch.is_ascii_digit() {
            Kind::Digits
        } else if is_letter(glyph.ch) {
            Kind::Letters
        } else {
            Kind::Between
        };
        match out.last_mut() {
            Some(last) if last.kind == kind || joins(&last.kind, &kind) => {
                last.range.end = at + 1;
                if last.kind != kind {
                    last.kind = Kind::Mixed;
                }
            }
            _ => out.push(Token { range: at..at + 1, kind }),
        }
    }
    out
}

fn joins(left: &Kind, right: &Kind) -> bool {
    *left != Kind::Between && *right != Kind::Between
}

/// Splits off the number words, also those written together or against digits (`9eight7`).
fn number_tokens(glyphs: &[Glyph], tokens: Vec<Token>) -> Vec<Token> {
    let mut out = Vec::with_capacity(tokens.len());
    for token in tokens {
        match token.kind {
            Kind::Letters => number_letters(glyphs, token, &mut out),
            Kind::Mixed => number_mixed(glyphs, token, &mut out),
            _ => out.push(token),
        }
    }
    say_alike(glyphs, &mut out);
    say_times(glyphs, &out)
}

/// `do no ek`, `nine ate seven`: among spoken digits a word of ordinary speech is the digit that it
/// sounds like.
fn say_alike(glyphs: &[Glyph], tokens: &mut [Token]) {
    /// The word, its digit, and how many digits around it make it one.
    const ALIKE: [(&str, u8, usize); 6] =
        [("no", 9, 2), ("ate", 8, 3), ("for", 4, 4), ("won", 1, 3), ("to", 2, 4), ("too", 2, 3)];
    let alike = |token: &Token| {
        let letters = || glyphs[token.range.clone()].iter().map(|glyph| glyph.ch);
        let alike = ALIKE.iter().find(|(word, ..)| letters().eq(word.chars()));
        alike.filter(|_| token.kind == Kind::Letters)
    };
    let spoken = |token: Option<&Token>| {
        token.is_some_and(|token| matches!(token.kind, Kind::Number(NumberWord::Value(0..=9))))
    };
    let digit = |token: Option<&Token>| {
        spoken(token)
            || token.is_some_and(|token| token.kind == Kind::Digits && token.range.len() == 1)
    };
    // `case no. one two`: the dot makes it the word for *number*.
    let dotted = |token: &Token| {
        glyphs.get(token.range.end).is_some_and(|next| matches!(next.ch, '.' | ':'))
    };
    let places: Vec<(usize, u8, usize)> = (0..tokens.len())
        .filter(|&i| !dotted(&tokens[i]))
        .filter_map(|i| alike(&tokens[i]).map(|&(_, value, enough)| (i, value, enough)))
        .collect();
    // Twice, for one may stand before another.
    for &(i, value, enough) in places.iter().chain(places.iter().rev()) {
        let at = |step: isize| i.checked_add_signed(step).and_then(|at| tokens.get(at));
        let around = || [-4, -2, 2, 4].into_iter().map(at);
        let beside = digit(at(-2)) || digit(at(2));
        let digits = around().filter(|&token| digit(token)).count();
        if beside && digits >= enough && around().any(spoken) {
            tokens[i].kind = Kind::Number(NumberWord::Value(value));
        }
    }
}

fn number_letters(glyphs: &[Glyph], token: Token, out: &mut Vec<Token>) {
    let letters: Vec<char> = glyphs[token.range.clone()].iter().map(|glyph| glyph.ch).collect();
    let word: String = letters.iter().collect();
    if let Some(number) = words::number_word(&word) {
        out.push(Token { kind: Kind::Number(number), ..token });
    } else if let Some(numbers) = words::run_together(&letters) {
        let mut start = token.range.start;
        for (number, length) in numbers {
            out.push(Token { range: start..start + length, kind: Kind::Number(number) });
            start += length;
        }
    } else {
        camel(glyphs, token, out);
    }
}

/// `CallNineEightSeven`: the capitals say where the words begin.
fn camel(glyphs: &[Glyph], token: Token, out: &mut Vec<Token>) {
    let starts: Vec<usize> = token
        .range
        .clone()
        .filter(|&at| {
            at == token.range.start
                || (glyphs[at].upper && !glyphs[at - 1].upper)
                // `QEFVFour`
                || (glyphs[at].upper && at + 1 < token.range.end && !glyphs[at + 1].upper)
                || is_indic(glyphs[at].ch) != is_indic(glyphs[at - 1].ch)
        })
        .collect();
    if starts.len() < 2 {
        return out.push(token);
    }
    let parts = starts.iter().enumerate().map(|(index, &start)| {
        let end = starts.get(index + 1).copied().unwrap_or(token.range.end);
        let word: String = glyphs[start..end].iter().map(|glyph| glyph.ch).collect();
        let kind = words::number_word(&word).map_or(Kind::Letters, Kind::Number);
        Token { range: start..end, kind }
    });
    let parts: Vec<Token> = parts.collect();
    // `DoR` is an office, not a two and an R.
    let numbers = parts.iter().filter(|part| part.kind != Kind::Letters);
    if numbers.clone().count() > 1 || numbers.clone().any(|part| part.range.len() > 2) {
        out.extend(parts);
    } else {
        out.push(token);
    }
}

/// `f0ur`, `thr33`: a number word in which figures pose as letters.
fn posed_word(glyphs: &[Glyph]) -> Option<NumberWord> {
    let letter = |glyph: &Glyph| match glyph.ch {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '5' => 's',
        '7' => 't',
        ch => ch,
    };
    words::number_word(&glyphs.iter().map(letter).collect::<String>())
}

fn number_mixed(glyphs: &[Glyph], token: Token, out: &mut Vec<Token>) {
    if let Some(number) = posed_word(&glyphs[token.range.clone()]) {
        out.push(Token { kind: Kind::Number(number), ..token });
        return;
    }
    let mut parts: Vec<Token> = Vec::new();
    for at in token.range.clone() {
        let kind = if glyphs[at].ch.is_ascii_digit() { Kind::Digits } else { Kind::Letters };
        match parts.last_mut() {
            Some(last) if last.kind == kind => last.range.end = at + 1,
            _ => parts.push(Token { range: at..at + 1, kind }),
        }
    }
    let mut split = Vec::new();
    for part in parts {
        match part.kind {
            Kind::Letters if part.range.len() > 1 => number_letters(glyphs, part, &mut split),
            _ => split.push(part),
        }
    }
    if split.iter().any(|part| matches!(part.kind, Kind::Number(_))) {
        out.append(&mut split);
    } else {
        out.push(token);
    }
}

/// `do baar nau`: the next digit so many times.
fn say_times(glyphs: &[Glyph], tokens: &[Token]) -> Vec<Token> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        match times_at(glyphs, tokens, i) {
            Some((times, said)) => {
                let range = token.range.start..tokens[said].range.end;
                out.push(Token { range, kind: Kind::Number(NumberWord::Repeat(times)) });
                i = said + 1;
            }
            None => {
                out.push(token.clone());
                i += 1;
            }
        }
    }
    out
}

/// How often the next digit is said here, and the token that says so.
fn times_at(glyphs: &[Glyph], tokens: &[Token], i: usize) -> Option<(u8, usize)> {
    const TIMES: [&str; 3] = ["baar", "bar", "बार"];
    let Kind::Number(NumberWord::Value(times @ 2..=3)) = tokens[i].kind else { return None };
    let said = next_token(tokens, i)?;
    let letters = || glyphs[tokens[said].range.clone()].iter().map(|glyph| glyph.ch);
    let next = &tokens[next_token(tokens, said)?];
    let digit = matches!(next.kind, Kind::Number(NumberWord::Value(0..=9)))
        || next.kind == Kind::Digits && next.range.len() == 1;
    (digit && TIMES.iter().any(|word| letters().eq(word.chars()))).then_some((times, said))
}

/// Writes the digits of the number word at `i`; returns the next token to look at.
fn write_number(
    glyphs: &[Glyph],
    tokens: &[Token],
    i: usize,
    number: NumberWord,
    out: &mut Vec<Glyph>,
) -> usize {
    let first = tokens[i].range.start;
    let whole = |last: usize, text: String, out: &mut Vec<Glyph>| {
        let (first, last) = (&glyphs[first], &glyphs[last]);
        let digit = |ch| Glyph { word: true, ..Glyph::over(first, last, ch, Spelled::Not) };
        out.extend(text.chars().map(digit));
    };
    // Number words side by side, with or without a space, are not one number: keep them apart.
    if out.last().is_some_and(|last| last.ch.is_ascii_digit()) {
        out.push(Glyph { ch: ' ', ..glyphs[first] });
    }
    let next = next_number(glyphs, tokens, i);
    match number {
        NumberWord::Value(tens)
            if tens >= 20 && tens % 10 == 0 && is_english(glyphs, &tokens[i].range) =>
        {
            if let Some((at, NumberWord::Value(ones @ 1..=9))) = next {
                whole(tokens[at].range.end - 1, (tens + ones).to_string(), out);
                return at + 1;
            }
            whole(tokens[i].range.end - 1, tens.to_string(), out);
            i + 1
        }
        NumberWord::Value(value @ 1..=9) if let Some((at, sum)) = sum(glyphs, tokens, i, value) => {
            whole(tokens[at].range.end - 1, sum.to_string(), out);
            at + 1
        }
        NumberWord::Value(value) => {
            whole(tokens[i].range.end - 1, value.to_string(), out);
            i + 1
        }
        NumberWord::Repeat(times) => repeat(glyphs, tokens, i, times, next, out),
    }
}

/// `दो हजार छब्बीस`, `three hundred and twenty four`: a year of this century or three digits in
/// words, and the last token.
fn sum(glyphs: &[Glyph], tokens: &[Token], i: usize, value: u8) -> Option<(usize, u16)> {
    const THOUSAND: [&str; 6] = ["thousand", "हजार", "hazar", "hazaar", "hajar", "hajaar"];
    const HUNDRED: [&str; 3] = ["hundred", "सौ", "sau"];
    let text = |at: usize| -> String {
        glyphs[tokens[at].range.clone()].iter().map(|glyph| glyph.ch).collect()
    };
    let word_at = next_token(tokens, i)?;
    let word = text(word_at);
    let hundreds = HUNDRED.contains(&word.as_str());
    let mut at = next_token(tokens, word_at)?;
    if text(at) == "and" {
        at = next_token(tokens, at)?;
    }
    let (_, NumberWord::Value(mut rest)) = number_at(tokens, at)? else { return None };
    if rest >= 20
        && rest % 10 == 0
        && is_english(glyphs, &tokens[at].range)
        && let Some((ones_at, NumberWord::Value(ones @ 1..=9))) = next_number(glyphs, tokens, at)
    {
        (at, rest) = (ones_at, rest + ones);
    }
    // `six hundred four hundred nine`: the four begins the next.
    let next = next_token(tokens, at).is_some_and(|at| HUNDRED.contains(&text(at).as_str()));
    if hundreds && (next || rest == 0) {
        return Some((word_at, u16::from(value) * 100));
    }
    let century = value == 2 && (10..40).contains(&rest) && THOUSAND.contains(&word.as_str());
    let scale = if hundreds { 100 } else { 1000 };
    (century || hundreds).then(|| (at, u16::from(value) * scale + u16::from(rest)))
}

/// Hindi has a word of its own for every number below a hundred: `सत्तर सात` is 70 and 7.
fn is_english(glyphs: &[Glyph], word: &Range<usize>) -> bool {
    let text: String = glyphs[word.clone()].iter().map(|glyph| glyph.ch).collect();
    ["ty", "टी"].iter().any(|end| text.ends_with(end))
}

fn repeat(
    glyphs: &[Glyph],
    tokens: &[Token],
    i: usize,
    times: u8,
    next: Option<(usize, NumberWord)>,
    out: &mut Vec<Glyph>,
) -> usize {
    let place = &tokens[i].range;
    let digit = match next {
        Some((_, NumberWord::Value(value @ 0..=9))) => char::from(b'0' + value),
        _ => match next_token(tokens, i) {
            Some(at) if tokens[at].kind == Kind::Digits => glyphs[tokens[at].range.start].ch,
            Some(at) if tokens[at].range.len() == 1 && glyphs[tokens[at].range.start].ch == 'o' => {
                '0'
            }
            _ => {
                out.extend_from_slice(&glyphs[place.clone()]);
                return i + 1;
            }
        },
    };
    let again = Glyph { word: true, ch: digit, ..glyphs[place.start] };
    let end = glyphs[place.end - 1].end;
    out.extend((1..times).map(|_| Glyph { end, ..again }));
    i + 1
}

fn next_token(tokens: &[Token], i: usize) -> Option<usize> {
    let at = if tokens.get(i + 1)?.kind == Kind::Between { i + 2 } else { i + 1 };
    let near = at == i + 1 || tokens[i + 1].range.len() <= 3;
    (near && at < tokens.len()).then_some(at)
}

fn next_number(glyphs: &[Glyph], tokens: &[Token], i: usize) -> Option<(usize, NumberWord)> {
    let at = next_token(tokens, i)?;
    let between = &glyphs[tokens[i].range.end..tokens[at].range.start];
    if between.iter().any(|glyph| !matches!(glyph.ch, ' ' | '-' | '\n' | '_')) {
        return match tokens[i].kind {
            Kind::Number(NumberWord::Repeat(_)) => number_at(tokens, at),
            _ => None,
        };
    }
    number_at(tokens, at)
}

fn number_at(tokens: &[Token], at: usize) -> Option<(usize, NumberWord)> {
    match tokens[at].kind {
        Kind::Number(number) => Some((at, number)),
        _ => None,
    }
}
