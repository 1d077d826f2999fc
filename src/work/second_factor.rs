//! One-time codes (RFC 6238) and recovery codes: what proves a person besides their passphrase.
//!
//! The invariants: whoever has a second factor is proved by passphrase and code together, and what
//! was wrong is neither told nor shown by how long it took; a code counts only beside the right
//! passphrase, and each is good once; the secret is opened only to be shown to its person before it
//! counts, and to compare a code with it.

use anyhow::{Context as _, anyhow, bail};
use secrecy::SecretString;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::{
    Ctx,
    grants::Vault,
    passphrase::{self, Unproved},
};
use crate::{
    domain::{
        canonical::{self, Hash},
        ids::PersonId,
        person::Person,
        vault::{Context, Sealed},
    },
    store::{Actor, Passphrase},
};

/// The bytes of a secret (RFC 4226, 4: 160 bits).
const SECRET: usize = 20;
/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// The letters of a recovery code, without those that look like others. 24 of them are 120 bits, so
/// that a plain hash keeps them (OWASP ASVS 4.0.3, 2.6.2: from 112 bits).
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";
/// How many letters a recovery code has.
const RECOVERY_LETTERS: usize = 24;
/// The key may change while a secret is sealed; more often than this it does not.
const SEALINGS: u32 = 3;

/// A new secret, for its person's eyes.
pub struct Shown {
    /// As text, to be typed.
    pub text: String,
    /// As an address for a QR code.
    pub url: String,
}

/// A second factor that has begun: its recovery codes, to be shown once.
pub type RecoveryCodes = Vec<String>;

/// Makes a new secret for a person. It proves nothing until a code of it came.
///
/// # Errors
/// They have a second factor already, the key that seals is not the ledger's, or the ledger failed.
pub async fn make(ctx: &Ctx, id: &PersonId) -> anyhow::Result<()> {
    for _ in 0..SEALINGS {
        let keys = vault(ctx).keys()?;
        let secret = Zeroizing::new(ctx.dice.bytes::<SECRET>());
        let context = Context::SecondFactor(id);
        let sealed = keys.seal(secret.as_slice(), context, ctx.dice.bytes())?;
        if ctx.store.show_second_factor(id, (&sealed, &keys)).await? {
            return Ok(());
        }
    }
    bail!(
        "the ledger's secrets are sealed by a key that is not in this machine's key file; put the \
         newest key file here (secrets.key_file)"
    )
}

/// The secret that was made for a person, while it proves nothing yet.
///
/// # Errors
/// It does not open, or the ledger failed.
pub async fn shown(ctx: &Ctx, id: &PersonId) -> anyhow::Result<Option<Shown>> {
    let factor = ctx.store.second_factor(id).await?;
    let Some(factor) = factor.filter(|factor| factor.since.is_none()) else { return Ok(None) };
    let totp = open(ctx, id, &factor.sealed)?;
    Ok(Some(Shown { text: totp.secret().to_base32(), url: totp.to_url()? }))
}

/// The secret that was shown proves its person from now on, if the passphrase is right and the code
/// is of that secret. Returns the recovery codes.
///
/// # Errors
/// Either is wrong, nothing was shown, or the ledger failed.
pub async fn begin(
    ctx: &Ctx,
    by: &Actor,
    id: &PersonId,
    passphrase: &SecretString,
    code: &str,
) -> Result<RecoveryCodes, Unproved> {
    let factor = ctx.store.second_factor(id).await?;
    passphrase::verify(&ctx.store, id, passphrase).await?;
    let factor = factor.filter(|factor| factor.since.is_none()).ok_or(Unproved::Wrong)?;
    let step = step_of(ctx, &open(ctx, id, &factor.sealed)?, code).ok_or(Unproved::Wrong)?;
    let (codes, hashes) = recovery_codes(ctx, id);
    ctx.store.begin_second_factor(by, id, &factor.sealed, step, &hashes).await?;
    Ok(codes)
}

/// New recovery codes in the place of the old ones.
///
/// # Errors
/// They have no second factor, or the ledger failed.
pub async fn renew_recovery(
    ctx: &Ctx,
    by: &Actor,
    id: &PersonId,
) -> Result<RecoveryCodes, Unproved> {
    let (codes, hashes) = recovery_codes(ctx, id);
    ctx.store.renew_recovery_codes(by, id, &hashes).await?;
    Ok(codes)
}

/// The person whom a passphrase proves, with a code where they have a second factor: of their
/// device, or one of their recovery codes. The code is used up by that.
///
/// # Errors
/// The person, the passphrase or the code is wrong, or the ledger failed.
pub async fn prove(
    ctx: &Ctx,
    by: &Actor,
    id: &PersonId,
    passphrase: &SecretString,
    code: &str,
) -> Result<(Person, Passphrase), Unproved> {
    let weighed = weigh(ctx, id, code).await?;
    let proved = passphrase::verify(&ctx.store, id, passphrase).await?;
    take(ctx, by, id, weighed).await?;
    Ok(proved)
}

/// A code of somebody whom something else than a passphrase proved before. It is used up by that.
///
/// # Errors
/// The code is wrong, or the ledger failed.
pub async fn prove_besides(
    ctx: &Ctx,
    by: &Actor,
    id: &PersonId,
    code: &str,
) -> Result<(), Unproved> {
    let weighed = weigh(ctx, id, code).await?;
    take(ctx, by, id, weighed).await
}

async fn take(ctx: &Ctx, by: &Actor, id: &PersonId, weighed: Weighed) -> Result<(), Unproved> {
    let taken = match weighed {
        Weighed::NotNeeded => true,
        Weighed::Step(step) => ctx.store.take_code(id, step).await?,
        Weighed::Recovery(hash) => ctx.store.take_recovery_code(by, id, &hash).await?,
        Weighed::Wrong => false,
        Weighed::Unopened(error) => return Err(Unproved::Hash(error)),
    };
    if taken { Ok(()) } else { Err(Unproved::Wrong) }
}

/// What a code is worth, before anybody knows whether the passphrase is right.
enum Weighed {
    /// There is no second factor.
    NotNeeded,
    /// The code of this step.
    Step(i64),
    /// A recovery code.
    Recovery(Hash),
    /// Nothing.
    Wrong,
    /// The secret does not open.
    Unopened(anyhow::Error),
}

/// The same work for everybody: who has no second factor, or does not exist, has a code compared
/// with a secret that nobody knows.
async fn weigh(ctx: &Ctx, id: &PersonId, code: &str) -> Result<Weighed, Unproved> {
    let factor = ctx.store.second_factor(id).await?.filter(|factor| factor.since.is_some());
    let recovery = recovery_hash(id, code);
    let left = ctx.store.has_recovery_code(id, &recovery).await?;
    let sealed = match &factor {
        Some(factor) => Ok(factor.sealed.clone()),
        None => nobodys(ctx, id),
    };
    let step =
        sealed.and_then(|sealed| open(ctx, id, &sealed)).map(|totp| step_of(ctx, &totp, code));
    Ok(match (factor, step) {
        (None, _) => Weighed::NotNeeded,
        (Some(_), Ok(Some(step))) => Weighed::Step(step),
        (Some(_), _) if left => Weighed::Recovery(recovery),
        (Some(_), Ok(None)) => Weighed::Wrong,
        (Some(_), Err(error)) => Weighed::Unopened(error),
    })
}

fn vault(ctx: &Ctx) -> Vault {
    Vault::new(ctx.config.secrets.key_file.clone(), ctx.dice.clone())
}

fn nobodys(ctx: &Ctx, id: &PersonId) -> anyhow::Result<Sealed> {
    let secret = Zeroizing::new(ctx.dice.bytes::<SECRET>());
    let keys = vault(ctx).keys()?;
    Ok(keys.seal(secret.as_slice(), Context::SecondFactor(id), ctx.dice.bytes())?)
}

fn open(ctx: &Ctx, id: &PersonId, sealed: &Sealed) -> anyhow::Result<Totp> {
    let context = Context::SecondFactor(id);
    let opened = vault(ctx).keys()?.open(sealed, context);
    let secret = opened.with_context(|| format!("{context} does not open"))?;
    Builder::new()
        .with_secret(Secret::new(secret.as_slice().into()))
        .with_issuer(Some(format!("takaza {}", ctx.config.unit.reference_prefix)))
        .with_account_name(id.as_str())
        .build()
        .map_err(|error| anyhow!("{context} is of no use: {error:?}"))
}

/// The step whose code this is: the present one, or a neighbour of it (RFC 6238, 5.2).
fn step_of(ctx: &Ctx, totp: &Totp, code: &str) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(ctx.clock.now().micros() / 1_000_000).ok()?;
    totp.check(&code, seconds).and_then(|step| i64::try_from(step).ok())
}

/// New recovery codes (`abcd-efgh-…`), and what is kept of them.
fn recovery_codes(ctx: &Ctx, id: &PersonId) -> (RecoveryCodes, Vec<Hash>) {
    let codes: RecoveryCodes = (0..RECOVERY_CODES).map(|_| recovery_code(ctx)).collect();
    let hashes = codes.iter().map(|code| recovery_hash(id, code)).collect();
    (codes, hashes)
}

fn recovery_code(ctx: &Ctx) -> String {
    let letters: Vec<char> = ctx
        .dice
        .bytes::<RECOVERY_LETTERS>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// Bound to its person; however it is written.
fn recovery_hash(id: &PersonId, code: &str) -> Hash {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let bound = canonical::json(&["takaza recovery code", id.as_str(), &plain.to_lowercase()]);
    Hash::of(bound.as_bytes())
}
