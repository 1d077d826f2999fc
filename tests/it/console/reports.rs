//! Reports at the console: chosen by days, bank and edition, shown and downloaded.

use crate::support::console::Desk;

#[tokio::test]
async fn whoever_is_signed_in_chooses_a_report_and_takes_it_along() {
    let desk = Desk::new().await;
    for person in ["asha", "dcp", "auditor", "root"] {
        let mut browser = desk.signed_in(person).await;
        let page = browser.get("/reports").await;
        page.ok().says("What public tags achieve").says("19 Oct 2026 to 15 Nov 2026");
        page.says("For the unit alone");
        assert_eq!(page.all(".acts a").len(), 5, "one for each format");
    }
    let mut asha = desk.signed_in("asha").await;
    let address = "subject=engagement&edition=public&from=2026-11-01&until=2026-11-07&bank=zppl";
    let page = asha.get(&format!("/reports?{address}")).await;
    page.ok().says("What public tags achieve").says("1 Nov 2026 to 7 Nov 2026");
    page.says("For the public");
    for (format, kind) in [
        ("html", "text/html"),
        ("csv", "text/csv"),
        ("json", "application/json"),
        ("pdf", "application/pdf"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ] {
        let answer = asha.get(&format!("/reports/file/{format}?{address}")).await;
        answer.ok();
        let header = |name: &str| answer.headers[name].to_str().expect("a text").to_owned();
        assert!(header("content-type").starts_with(kind), "{format}");
        let name = header("content-disposition");
        assert!(
            name.contains(&format!("takaza-engagement-public-2026-11-01-2026-11-07-en.{format}"))
        );
    }
    asha.get("/reports/file/exe").await.is(404);
    let none = asha.get("/reports?subject=costs&edition=public").await;
    none.is(422).says("There is no public edition of it");
}

#[tokio::test]
async fn what_makes_no_report_is_said_in_the_readers_language() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    for (address, said) in [
        ("from=2026-11-08&until=2026-11-01", "The first day comes after the last"),
        ("until=2027-01-01", "has not come yet"),
        ("from=yesterday", "is no day"),
        ("subject=weather", "is not known here"),
        ("bank=No+Such+Bank", "is not known here"),
        ("from=1990-01-01", "too many days"),
    ] {
        asha.get(&format!("/reports?{address}")).await.is(422).says(said);
    }
    let page = asha.get("/reports").await;
    asha.submit(&page, "/settings", &[("language", "hi")]).await;
    asha.get("/reports?from=2026-11-08&until=2026-11-01").await.is(422).says("दोनों में से एक बदलें");
    asha.get("/reports").await.ok().says("सार्वजनिक उल्लेखों का असर").says("केवल इकाई के लिए");
}
