//! The hosts of addresses that we know: of mail, and the handles of payments.

/// Payment handles that are no words of ordinary speech.
pub(super) const HANDLES: &str = "okaxis oksbi okhdfcbank okhdfc okicici okicicibank ybl ibl axl apl upi ptyes ptsbi pthdfc ptaxis yapl \
rapl waaxis wahdfcbank waicici wasbi jupiteraxis naviaxis slc sliceaxis kotak811 kmbl barodampay uboi cnrb fbl \
idfcbank idfcfirst rbl yesbankltd yespay abfspay axisb tapicici goaxb timecosmos shriramhdfcbank pz pingpay mbk \
ikwik freecharge aubank dlb kvb karb kbl tmb cboi mahb iob indianbk indianbank ucobank psb obc equitas utbi \
hdfcbankjd icicipay sbipay axispay fifederal nye nsdl citigold sib jsb jkb kaypay rmhdfcbank yescred \
axisgo omni allbank andb ezeepay eazypay payzapp lvb dcb trans superyes yesg fkaxis myicici pnbpay airtelpaymentsbank \
paytmupi gpay phonepe bhim वाईबीएल ओकेएक्सिस ओकेएसबीआई ओकेआईसीआईसीआई ओकेएचडीएफसीबैंक आईबीएल एक्सएल यूपीआई";

/// Those of them that a bank or a company is called by too: they stand behind an ordinary *at*, and
/// are its own handles on social networks.
pub(super) const BANKS: &str = "phonepe gpay bhim freecharge payzapp airtelpaymentsbank idfcbank idfcfirst nsdl aubank dlb kvb karb kbl tmb cboi mahb iob indianbank ucobank psb obc sib jsb jkb nye fbl rbl dcb lvb \
allbank andb dbs uboi cnrb utbi equitas kmbl";

/// Payment handles that people also write for a company or a bank.
pub(super) const NAMES: &str = "paytm sbi icici icicibank hdfc hdfcbank axis axisbank kotak federal indus airtel jio fam postbank pnb \
unionbank mobikwik amazonpay cred bandhan bob canara yesbank centralbank dbs hsbc citi idbi dhanlaxmi yes au union पेटीएम";

pub(super) const MAIL_HOSTS: &str = "gmail googlemail yahoo ymail outlook hotmail live rediffmail rediff protonmail proton icloud \
zoho zohomail aol gmx msn mail inbox fastmail tutanota yandex pm जीमेल याहू आउटलुक हॉटमेल रेडिफमेल प्रोटॉनमेल जोहो";

/// A host that serves persons only: whatever stands before it is a person's name.
pub(super) fn is_known(host: &str) -> bool {
    const ALSO_PUBLIC: [&str; 6] = ["upi", "gpay", "phonepe", "bhim", "freecharge", "trans"];
    match host.split_once('.') {
        Some((first, _)) => listed(MAIL_HOSTS, &plain(first)),
        None => listed(HANDLES, &plain(host)) && !ALSO_PUBLIC.contains(&host),
    }
}

/// Digits that pose as letters put back, so that `0kaxis` is known.
pub(super) fn plain(word: &str) -> String {
    word.chars()
        .map(|ch| match ch {
            '0' => 'o',
            '1' => 'l',
            '5' => 's',
            '8' => 'b',
            _ => ch,
        })
        .collect()
}

pub(super) fn listed(list: &str, word: &str) -> bool {
    // `kotak811` has figures of its own.
    let figures = |known: &str| known.ends_with(|ch: char| ch.is_ascii_digit());
    let same = |known: &str| {
        known == word || plain_eq(known, word) || figures(known) && plain(known) == word
    };
    !word.is_empty() && list.split_whitespace().any(same)
}

/// `l` and `i` pose as each other; in three letters they tell two institutions apart (`rbi`, `rbl`).
fn plain_eq(known: &str, word: &str) -> bool {
    let fold = |ch: char| if ch == 'l' { 'i' } else { ch };
    known.len() > 3
        && known.len() == word.len()
        && known.chars().map(fold).eq(word.chars().map(fold))
}
