use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Tenant(u64);

#[circuit_breaker(name = "per_tenant", key = tenant)]
fn bill(tenant: Tenant) -> Result<u64, ApiError> {
    Ok(tenant.0)
}

fn main() {
    let _ = bill(Tenant(1));
}
