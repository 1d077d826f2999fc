//! The picture of a post goes before it: uploaded, and waited for until the server has worked on it.
//!
//! The invariants: nothing of this is public, so what fails here is proved before the post and never
//! unknown; the permit is asked before each request. A picture whose post never came is swept away by
//! the server itself.

use reqwest::Method;

use super::{Mastodon, send::Answered, wire};
use crate::{
    destinations::{
        Permit, Sent,
        http::{before_the_post, multipart},
    },
    domain::delivery::{Outcome, Picture},
};

impl Mastodon {
    /// Uploads a picture with its alternative text; its id there.
    ///
    /// # Errors
    /// What came of the attempt instead: no byte of the post has left.
    pub(super) async fn upload(
        &self,
        (picture, png): (&Picture, &[u8]),
        permit: &dyn Permit,
    ) -> Result<wire::Id, Sent> {
        let uploaded = self.upload_and_wait(picture, png, permit).await;
        uploaded.map_err(|sent| before_the_post("its picture was not uploaded", sent))
    }

    async fn upload_and_wait(
        &self,
        picture: &Picture,
        png: &[u8],
        permit: &dyn Permit,
    ) -> Result<wire::Id, Sent> {
        let (kind, body) = multipart(&picture.png, &[("description", &picture.alt)], png);
        let request = self
            .request(Method::POST, self.url(&["api", "v2", "media"]))
            .header("content-type", kind)
            .body(body)
            .build();
        let answered = self.attempt(request, permit).await?;
        let id = self.media_id(&answered)?;
        if answered.status != 202 {
            return Ok(id);
        }
        let (times, wait) = self.config.picture_waits;
        for _ in 0..times {
            tokio::time::sleep(wait).await;
            let request = self.request(Method::GET, self.url(&["api", "v1", "media", &id.0]));
            let answered = self.attempt(request.build(), permit).await?;
            // 206: the server still works on it.
            if answered.status != 206 {
                return self.media_id(&answered);
            }
        }
        let reason = "the server did not finish with it in time".to_owned();
        Err(Sent::Attempted(Outcome::NotSent { reason }))
    }

    fn media_id(&self, answered: &Answered) -> Result<wire::Id, Sent> {
        if !(200..=299).contains(&answered.status) {
            return Err(Sent::Attempted(match self.judge_refusal(answered) {
                Outcome::AccountBlocked { reason } if answered.status == 403 => {
                    let what_to_do = "the token needs the scope write:media, or turn pictures off \
                                      with `takaza account picture`";
                    Outcome::AccountBlocked { reason: format!("{reason}; {what_to_do}") }
                }
                other => other,
            }));
        }
        let read = serde_json::from_slice::<wire::Media>(&answered.body);
        read.map(|media| media.id).map_err(|_unread| {
            let status = answered.status;
            let reason = format!("status {status}, but without an id that can be read");
            Sent::Attempted(Outcome::NotSent { reason })
        })
    }
}
