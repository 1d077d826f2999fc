//! The picture of a post goes before it, as a blob that the post's record then names.
//!
//! The invariants: a blob is named by the hash of its bytes, so that the server's word is held to the
//! approved ones, and a resend makes the same record; nothing of it is public, so what fails here is
//! proved before the post and never unknown.

use reqwest::Method;
use serde_json::Value;

use super::{Bluesky, is_ok, send::judge_refusal};
use crate::{
    destinations::{Permit, Sent, http::before_the_post},
    domain::{
        canonical::Hash,
        delivery::{ClaimedDelivery, Outcome, Picture},
    },
};

/// A picture as the server keeps it.
pub(super) struct Blob {
    /// What the record says of it, in the server's words.
    pub told: Value,
    /// Its width and height.
    pub size: (u32, u32),
}

impl Bluesky {
    /// Uploads the picture of a delivery, where it has one.
    ///
    /// # Errors
    /// What came of the attempt instead: no byte of the post has left.
    pub(super) async fn picture_of(
        &self,
        claimed: &ClaimedDelivery,
        permit: &dyn Permit,
    ) -> Result<Option<Blob>, Sent> {
        let (picture, png) = match claimed.picture() {
            Ok(None) => return Ok(None),
            Ok(Some(picture)) => picture,
            Err(error) => return Err(not_sent(&error.to_string())),
        };
        let uploaded = self.upload(picture, png, permit).await;
        let told =
            uploaded.map_err(|sent| before_the_post("its picture was not uploaded", sent))?;
        Ok(Some(Blob { told, size: size(png) }))
    }

    async fn upload(
        &self,
        picture: &Picture,
        png: &[u8],
        permit: &dyn Permit,
    ) -> Result<Value, Sent> {
        let request = |token: &_| {
            let request = self.request(Method::POST, "com.atproto.repo.uploadBlob", token);
            request.header("content-type", "image/png").body(png.to_vec())
        };
        let answer = self.ask_once(request, permit).await?;
        if !is_ok(&answer) {
            return Err(Sent::Attempted(judge_refusal(&answer)));
        }
        let told: Value = serde_json::from_slice(answer.bytes()).unwrap_or_default();
        let blob = &told["blob"];
        let ours = blob["ref"]["$link"] == cid(&picture.png)
            && blob["mimeType"] == "image/png"
            && blob["size"] == png.len();
        if !ours {
            return Err(not_sent("the server does not say that it holds the approved bytes"));
        }
        Ok(blob.clone())
    }
}

fn not_sent(reason: &str) -> Sent {
    Sent::Attempted(Outcome::NotSent { reason: reason.to_owned() })
}

/// The CID of bytes with this SHA-256 (version 1, raw, in lower base 32).
fn cid(hash: &Hash) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let head = [0x01, 0x55, 0x12, 0x20];
    let (mut text, mut bits, mut held) = ("b".to_owned(), 0_u32, 0_u32);
    for byte in head.iter().chain(hash.bytes()) {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(LETTERS[(bits >> held & 31) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(char::from(LETTERS[(bits << (5 - held) & 31) as usize]));
    }
    text
}

/// The width and height that a PNG says it has.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| {
        let bytes = png.get(at..at + 4).and_then(|four| four.try_into().ok());
        u32::from_be_bytes(bytes.unwrap_or_default()).max(1)
    };
    (number(16), number(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cid_names_the_bytes_as_others_name_them() {
        // The CID that IPFS and atproto give to the raw bytes of "hello world".
        let known = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
        assert_eq!(cid(&Hash::of(b"hello world")), known);
    }
}
