//! Controls over delta queries.

use super::Call;
use super::answers::{Answer, done};

/// Makes every delta token handed out so far too old, for drives and lists.
pub(super) fn expire(call: &Call<'_>) -> Answer {
    call.world.files.expire_delta_tokens();
    for tenant in call.world.directory.tenants() {
        call.world.sites.forget_changes(&tenant.id);
    }
    done()
}
