//! Posts as the unit writes them: full of honest numbers.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

fn pick<'a>(rng: &mut StdRng, from: &[&'a str]) -> &'a str {
    from.choose(rng).copied().unwrap_or_default()
}

/// Grouped in lakh and crore.
fn indian(mut rupees: u64) -> String {
    let mut groups = vec![format!("{:03}", rupees % 1000)];
    rupees /= 1000;
    if rupees == 0 {
        return groups[0].trim_start_matches('0').to_owned();
    }
    while rupees > 99 {
        groups.push(format!("{:02}", rupees % 100));
        rupees /= 100;
    }
    groups.push(rupees.to_string());
    groups.reverse();
    groups.join(",")
}

fn devanagari(text: &str) -> String {
    text.chars()
        .map(|ch| match ch.to_digit(10) {
            Some(digit) => char::from_u32(0x966 + digit).unwrap_or(ch),
            None => ch,
        })
        .collect()
}

fn money(rng: &mut StdRng) -> String {
    let exponent = rng.random_range(2..10);
    let rupees = rng.random_range(10u64.pow(exponent)..10u64.pow(exponent + 1));
    let grouped = indian(rupees);
    let decimal = format!("{:.1}", f64::from(rng.random_range(10..999)) / 10.0);
    match rng.random_range(0..14) {
        0..=4 => format!("₹{grouped}"),
        5 => format!("Rs {grouped}.00"),
        6 => format!("Rs. {grouped}/-"),
        7 => format!("₹ {decimal} lakh"),
        8 => format!("{decimal} करोड़ रुपये"),
        9 => format!("₹{rupees}"),
        10 => format!("{grouped} रुपये"),
        11 => format!("INR {grouped}"),
        12 => format!("₹{decimal} crore"),
        _ => format!("₹{}", devanagari(&grouped)),
    }
}

fn month(rng: &mut StdRng) -> &'static str {
    pick(
        rng,
        &[
            "Nov",
            "November",
            "नवम्बर",
            "नवंबर",
            "Jan",
            "March",
            "अप्रैल",
            "जून",
            "Aug",
            "October",
            "दिसंबर",
            "September",
        ],
    )
}

fn date(rng: &mut StdRng) -> String {
    let (day, number, year) =
        (rng.random_range(1..=28), rng.random_range(1..=12), rng.random_range(2020..=2027));
    let name = month(rng);
    match rng.random_range(0..11) {
        0 => format!("{day:02}-{number:02}-{year}"),
        1 => format!("{day}/{number}/{year}"),
        2 => format!("{day:02}.{number:02}.{year}"),
        3 => format!("{year}-{number:02}-{day:02}"),
        4 | 5 => format!("{day} {name} {year}"),
        6 => format!("{name} {day}, {year}"),
        7 => format!("{day}-{name}-{year}"),
        8 => format!("{day}th {name}"),
        9 => format!("{day}/{number:02}/{}", year % 100),
        _ => devanagari(&format!("{day} {name} {year}")),
    }
}

fn time(rng: &mut StdRng) -> String {
    let (hour, minute) = (rng.random_range(0..24), rng.random_range(0..60));
    match rng.random_range(0..6) {
        0..=2 => format!("{hour:02}:{minute:02} IST"),
        3 => format!("{hour:02}:{minute:02}"),
        4 => format!("{}:{minute:02} pm", hour % 12 + 1),
        _ => format!("{hour:02}:{minute:02} बजे"),
    }
}

fn moment(rng: &mut StdRng) -> String {
    let (date, time) = (date(rng), time(rng));
    let glue = pick(rng, &[" ", ", ", " at ", " को "]);
    format!("{date}{glue}{time}")
}

fn reference(rng: &mut StdRng) -> String {
    let alphabet = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
    let code: String =
        (0..5).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect();
    format!("GGM-{code}")
}

fn bank(rng: &mut StdRng) -> &'static str {
    pick(
        rng,
        &[
            "Peepal Bank",
            "Neem Bank",
            "@ZPPL_Care",
            "@peepal_bank@social.example",
            "पीपल बैंक",
            "Gulmohar Bank",
            "@ZNMN_Help",
            "Kachnar Sahakari Bank",
        ],
    )
}

fn count(rng: &mut StdRng) -> String {
    let most = [9, 99, 999, 9999][rng.random_range(0..4)];
    let number = rng.random_range(1..=most);
    if number > 999 && rng.random_bool(0.6) { indian(number) } else { number.to_string() }
}

fn law(rng: &mut StdRng) -> String {
    let (a, b, c) = (rng.random_range(1..400), rng.random_range(1..400), rng.random_range(1..9));
    match rng.random_range(0..8) {
        0 => format!("Section {a} BNSS"),
        1 => format!("धारा {a} बीएनएसएस"),
        2 => format!("BNSS s.{a}({c})"),
        3 => format!("Section {a}({c}) and {b}({c}) BNS"),
        4 => "IT Act 66D".to_owned(),
        5 => format!("Sections {a}({c}), {b}({c}), {}, {}({c}) BNS", a + 1, b + 1),
        6 => format!("u/s {a}({c})/{b} BNS"),
        _ => "Section 66C and 66D of the IT Act, 2000".to_owned(),
    }
}

fn paper(rng: &mut StdRng) -> String {
    let (number, year) = (rng.random_range(1..999), rng.random_range(2020..=2026));
    match rng.random_range(0..8) {
        0 => format!("RBI/{year}-{:02}/{number}", (year + 1) % 100),
        1 => format!("Order No. {number}/{year}"),
        2 => format!("DoR.No.{number}/{year}"),
        3 => format!("Khalsa Medical Store v RBI, {year}"),
        4 => format!("W.P. {} of {year}", number * 7),
        5 => format!("परिपत्र संख्या {number}/{year}"),
        6 => format!("Circular {number} of {year}"),
        _ => format!("W.P.(C) {}/{year}", number * 11),
    }
}

fn helpline(rng: &mut StdRng) -> String {
    let fixed = pick(
        rng,
        &[
            "Dial 1930.",
            "हेल्पलाइन 1930 पर कॉल करें।",
            "Call 1930 or 112.",
            "1930 par turant call karein",
            "Helplines: 1930, 112, 1091, 181",
            "Report at https://cybercrime.gov.in",
            "cybercrime.gov.in | 1930",
            "Toll free 1800-180-1234",
            "Call 1800 11 4455",
            "Senior citizens: 14567",
            "155260 is now 1930",
            "Bank helpline 1860 266 2666",
            "📞 1930",
            "१९३० डायल करें",
            "#Dial1930 #CyberCrime2026",
            "Emergency 112, women 1091, child 1098",
        ],
    );
    fixed.to_owned()
}

fn words(rng: &mut StdRng) -> String {
    let fixed = pick(
        rng,
        &[
            "One of the two banks has answered.",
            "do din mein teen case",
            "पाँच बैंक, तीन जवाब",
            "ek do teen, satark rahein",
            "twelve lakh forty thousand rupees",
            "बारह लाख चालीस हजार रुपये",
            "twenty four hours is too long",
            "do not share your OTP",
            "no one replied in six hours",
            "पहले छह घंटे सबसे ज़रूरी हैं",
            "nau mamle, do bank",
            "two hundred cases, forty banks",
            "शून्य जवाब",
            "Zero reply so far",
            "double your money is a scam",
        ],
    );
    fixed.to_owned()
}

fn status(rng: &mut StdRng) -> String {
    let (bank, a, b, c) = (bank(rng), count(rng), count(rng), count(rng));
    let (money, hours, moment) = (money(rng), rng.random_range(2..200), moment(rng));
    match rng.random_range(0..9) {
        0 => format!(
            "{bank}: {a} actions, {b} cases, {money}, oldest {hours} hours. As of {moment}."
        ),
        1 => format!(
            "{bank} {a} lien requests worth {money} are pending beyond this unit's limit of 6 hours, as of {moment}."
        ),
        2 => format!(
            "{bank} के पास {a} लियन अनुरोध {hours} घंटे से लंबित हैं, राशि {money}। {moment} की स्थिति।"
        ),
        3 => format!(
            "{bank} ke paas {a} request {hours} ghante se pending, {b} case, rakam {money}."
        ),
        4 => format!("Thank you {bank} for acting on {a} requests within {hours} hours."),
        5 => format!("✅ {a} done ❌ {b} pending ⏳ {hours} hours 💰 {money}"),
        6 => format!("{bank}\n• {a} actions\n• {b} cases\n• {money}\n• {hours} hours"),
        7 => format!(
            "In {} the unit took {a} complaints; {b} liens, {c} holds, {money}.",
            rng.random_range(2020..2027)
        ),
        _ => format!(
            "{a} of {b} requests ({}%) answered in 6, 12, 24 and 48 hours",
            rng.random_range(1..100)
        ),
    }
}

/// One honest post.
pub fn post(rng: &mut StdRng) -> String {
    let parts = rng.random_range(1..=5);
    let mut post = String::new();
    for _ in 0..parts {
        let part = match rng.random_range(0..14) {
            0..=5 => status(rng),
            6 => helpline(rng),
            7 => format!("Ref: {}", reference(rng)),
            8 => law(rng),
            9 => paper(rng),
            10 => words(rng),
            11 => format!("From {} to {}", date(rng), date(rng)),
            12 => format!("{} / {}", money(rng), money(rng)),
            _ => {
                format!("{} branches, PIN 122001, Sector {}", count(rng), rng.random_range(1..115))
            }
        };
        let glue = pick(rng, &[" ", "\n", ". ", " | ", "\n\n"]);
        if !post.is_empty() {
            post.push_str(glue);
        }
        post.push_str(&part);
    }
    post
}
