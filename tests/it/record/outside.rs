//! What leaves the house, checked by tools that others wrote: Go's `sumdb/tlog` and `sumdb/note`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use takaza::store::ExportRules;

use super::{BOTH, Ledger};

const GO_MODULES: &str = "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog";

/// The checker, built once a test; `None` where Go is not there (and says so).
fn checker(dir: &Path) -> Option<PathBuf> {
    let go = Command::new("go").arg("version").output().is_ok_and(|out| out.status.success());
    if !go || !Path::new(GO_MODULES).exists() {
        let why = "Go or its x/mod packages are missing (apt-get install golang-go \
                   golang-golang-x-mod-dev)";
        assert!(std::env::var_os("TAKAZA_TEST_ALL").is_none(), "TAKAZA_TEST_ALL is set, but {why}");
        eprintln!("SKIPPED proofs checked by Go: {why}");
        return None;
    }
    let binary = dir.join("check");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&binary)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/check.go"))
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOFLAGS", "")
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(binary)
}

/// What the checker says of a file, or why it refuses it.
fn check(binary: &Path, vkey: &str, file: &Path) -> Result<String, String> {
    let out = Command::new(binary).arg(vkey).arg(file).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if out.status.success() { Ok(text(&out.stdout)) } else { Err(text(&out.stderr)) }
}

pub struct Outside {
    binary: Option<PathBuf>,
    /// The public keys, the oldest first, commas between them.
    pub vkey: String,
    dir: tempfile::TempDir,
}

impl Outside {
    pub fn new(ledger: &Ledger) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { binary: checker(dir.path()), vkey: ledger.key.vkey().to_owned(), dir }
    }

    pub fn accepts(&self, text: &str, says: &str) {
        let Some(answer) = self.answer(text) else { return };
        assert!(answer.as_ref().is_ok_and(|answer| answer.contains(says)), "{answer:?}");
    }

    pub fn refuses(&self, text: &str) {
        let Some(answer) = self.answer(text) else { return };
        assert!(answer.is_err(), "{answer:?}");
    }

    fn answer(&self, text: &str) -> Option<Result<String, String>> {
        let file = self.dir.path().join("given");
        std::fs::write(&file, text).unwrap();
        Some(check(self.binary.as_ref()?, &self.vkey, &file))
    }
}

async fn export(ledger: &Ledger) -> String {
    let limits = serde_json::json!({"per_bank_day": "1"});
    let (store, vkey) = (ledger.store().clone(), ledger.key.vkey().to_owned());
    let exporting = tokio::spawn(async move {
        let mut out = Vec::new();
        let rules = ExportRules { alias_key: b"a key", vkey: &vkey, limits };
        store.export(&mut out, &rules).await.unwrap();
        out
    });
    String::from_utf8(exporting.await.unwrap()).unwrap()
}

#[tokio::test]
async fn proofs_and_checkpoints_are_checked_by_others_tools() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let outside = Outside::new(&ledger);
        let size: u64 = ledger.ask("SELECT size || '' FROM tree_head").await.parse().unwrap();
        let first: u64 =
            ledger.ask("SELECT MIN(size) || '' FROM checkpoint").await.parse().unwrap();

        let proof = ledger.store().prove("gate/1").await.unwrap();
        let by_id: serde_json::Value = serde_json::from_str(&proof.entry).unwrap();
        let again = ledger.store().prove(by_id["id"].as_str().unwrap()).await.unwrap();
        assert_eq!(proof, again);
        let json = serde_json::to_string(&proof).unwrap();
        outside.accepts(&json, &format!("leaf {} of {size}", proof.leaf_index));
        outside.refuses(&json.replace("drill", "thrill"));

        let proof = ledger.store().prove_consistency(first, size).await.unwrap();
        assert_eq!(proof.checkpoints.len(), 2);
        let json = serde_json::to_string(&proof).unwrap();
        outside.accepts(&json, &format!("{size} extends {first}"));
        let mut other = proof.clone();
        other.old_root = other.new_root.clone();
        outside.refuses(&serde_json::to_string(&other).unwrap());

        let checkpoints = std::fs::read_to_string(ledger.place()).unwrap();
        outside.accepts(&checkpoints, "2 checkpoints");
        outside.refuses(&checkpoints.replacen(&first.to_string(), &size.to_string(), 1));
    }
}

#[tokio::test]
async fn an_unsealed_entry_has_no_proof_yet() {
    let ledger = Ledger::filled(BOTH[0]).await.unwrap();
    ledger.drill("not sealed").await;
    let refused = ledger.store().prove("gate/5").await.unwrap_err();
    assert!(refused.to_string().contains("not in a signed tree yet"), "{refused}");
    assert!(ledger.store().prove("gate/99").await.is_err());
}

#[tokio::test]
async fn an_export_is_checked_from_outside_and_holds_no_case() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let outside = Outside::new(&ledger);
        let text = export(&ledger).await;
        let size = ledger.ask("SELECT size || '' FROM tree_head").await;
        outside.accepts(&text, &format!("{size} leaves, 2 checkpoints, 2 posts"));
        outside.refuses(&text.replace("the first drill", "an order"));
        let hash = ledger.ask("SELECT content_hash FROM delivery WHERE state = 'delivered'").await;
        let field = format!("\"content_hash\":\"{hash}\"");
        outside.refuses(&text.replace(&field, "\"content_hash\":\"other\""));

        assert!(!text.contains("FIR 10"), "no case's own number");
        for id in ["ZPPL-1", "ZNMN-1"] {
            assert!(!text.contains(&format!("\"{id}\"")), "no action's own id");
        }
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let lines: Vec<serde_json::Value> = lines.collect();
        assert_eq!(lines[0]["format"], "takaza-export/1");
        let post = lines
            .iter()
            .find(|line| line["type"] == "post" && line["state"] == "delivered")
            .expect("the delivered post");
        assert!(post["permalink"].is_string() && post["sent_at"].is_string());
        let members = post["members"].as_array().unwrap();
        assert_eq!(members.len(), 5);
        assert!(members.iter().all(|member| member["case"].as_str().unwrap().starts_with("case-")));
        assert_eq!(post["authority"][0]["act"], "escalation.approved");
    }
}
