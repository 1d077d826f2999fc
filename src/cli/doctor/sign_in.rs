//! The unit's sign-in service, asked as a sign-in would ask it.

use super::{super::failure::Failure, Findings};
use crate::{
    domain::ids::PersonId,
    work::{
        Ctx,
        oidc::{Fault, Service},
    },
};

const WHAT: &str = "sign-in service";

/// It answers, names itself as it is configured, and shows keys; our secret there is readable, and
/// whom the configuration names are people of the ledger.
pub(super) async fn service(ctx: &Ctx, findings: &mut Findings) -> Result<(), Failure> {
    let service = match Service::configured(ctx) {
        Ok(None) => return Ok(()),
        Ok(Some(service)) => service,
        Err(error) => {
            findings.fail(WHAT, error.to_string(), "look at [network]");
            return Ok(());
        }
    };
    match service.check().await {
        Ok(keys) => {
            let says =
                format!("{} answers, and signs by {keys} keys that are taken", service.name());
            findings.ok(WHAT, says);
        }
        Err(fault) => findings.fail(WHAT, fault.to_string(), todo(&fault)),
    }
    let mut strangers = Vec::new();
    let known = ctx.store.people().await?;
    if let Some(config) = &ctx.config.console.oidc {
        let is_known = |id: &&PersonId| known.iter().any(|person| person.id == **id);
        let unknown = config.people.values().filter(|id| !is_known(id));
        strangers.extend(unknown.map(ToString::to_string));
    }
    if !strangers.is_empty() {
        let says = format!("the ledger has no such person: {}", strangers.join(", "));
        let todo = "`takaza person add`, or take them out of console.oidc.people";
        findings.warn(WHAT, says, todo);
    }
    Ok(())
}

const fn todo(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unreachable(_) => {
            "see that it runs, that console.oidc.issuer is its address, and that this machine reaches \
             it ([network] has the proxy and the roots)"
        }
        Fault::Issuer(_) => "write console.oidc.issuer exactly as it names itself",
        Fault::Keys(_) => {
            "have its administrators look at the keys that it publishes (jwks_uri): sign-ins fail"
        }
        Fault::NoKey => {
            "have its administrators let this client's tokens be signed by RS256 or ES256"
        }
        Fault::Secret(_) => {
            "put the client's secret where console.oidc.client_secret_from says, for the service's \
             user to read"
        }
    }
}
