//! `palisade user …`

use palisade_base::{Caller, Error, FieldError, Kind, RoleId};
use palisade_identity::{
    model::{EmailAddress, GrantState, InitialPassword, NewUser, PersonOf, UserFilter, UserName, UserRow, UserStatus},
    policy::{permit_change_users, permit_create_users, permit_give_roles, permit_read_roles, permit_read_users},
};
use palisade_records::directory::NewPerson;
use serde_json::{Value, json};

use super::{Answer, Control};
use crate::control::RoleName;

/// How many users are read at a time.
const PAGE: i64 = 500;

/// A user to be made, as typed.
pub(super) struct NewUserText {
    pub(super) user_name: String,
    pub(super) given_name: String,
    pub(super) family_name: String,
    pub(super) email: Option<String>,
}

impl NewUserText {
    /// All that is wrong with it at once, or the user.
    fn parse(&self) -> Result<NewUser, Error> {
        let mut wrong = Vec::new();
        let mut note = |field: &'static str, message| wrong.push(FieldError { field: field.into(), message });
        let user_name = UserName::parse(&self.user_name).map_err(|message| note("user_name", message)).ok();
        let email =
            self.email.as_deref().map(EmailAddress::parse).transpose().map_err(|message| note("email", message));
        let mail = self.email.as_deref().unwrap_or("");
        let person = NewPerson::parse(&self.given_name, &self.family_name, mail, "");
        match (user_name, email, person) {
            (Some(user_name), Ok(email), Ok(person)) => {
                Ok(NewUser { person: PersonOf::New(person), user_name, email, password: InitialPassword::None })
            }
            (_, _, person) => {
                wrong.extend(person.err().iter().flat_map(|error| error.fields()).cloned());
                Err(Error::invalid(wrong))
            }
        }
    }
}

impl Control {
    pub(super) async fn list_users(
        &self,
        caller: &Caller,
        search: String,
        disabled: Option<bool>,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let permit = permit_read_users(caller)?;
        let status = disabled.map(|disabled| if disabled { UserStatus::Disabled } else { UserStatus::Active });
        let mut filter = UserFilter { search, status, offset: 0, limit: PAGE };
        loop {
            let (rows, total) = self.identity.list_users(&permit, &filter).await?;
            for row in &rows {
                answer.item(user_json(row)).await?;
            }
            filter.offset += PAGE;
            if rows.is_empty() || filter.offset >= total {
                return Ok(json!({ "users": total }));
            }
        }
    }

    pub(super) async fn add_user(
        &self,
        caller: &Caller,
        new: &NewUserText,
        roles: &[RoleName],
    ) -> Result<Value, Error> {
        // Roles first: a mistyped one must not leave a user behind.
        let roles = self.find_roles(caller, roles).await?;
        let user = self.identity.create_user(caller, &permit_create_users(caller)?, new.parse()?).await?;
        let mut waiting = Vec::new();
        for (name, role) in roles {
            let state = self.identity.grant_role(caller, &permit_give_roles(caller)?, user.id, role).await?;
            if state == GrantState::Pending {
                waiting.push(name);
            }
        }
        let link = self.identity.issue_password_link(caller, &permit_change_users(caller)?, user.id).await?;
        let mut result = self.link("/sign-in/reset/", &link);
        result["user"] = user.user_name.as_str().into();
        result["id"] = user.id.to_string().into();
        result["roles_waiting_for_a_second_factor"] = waiting.into();
        Ok(result)
    }

    async fn find_roles(&self, caller: &Caller, wanted: &[RoleName]) -> Result<Vec<(String, RoleId)>, Error> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let roles = self.identity.list_roles(&permit_read_roles(caller)?).await?;
        let find = |name: &RoleName| {
            let is_meant = |role: &palisade_identity::model::Role| {
                role.site == name.site && (role.name == name.role || role.key.as_deref() == Some(&name.role))
            };
            let found = roles.iter().find(|detail| is_meant(&detail.role));
            found.map(|detail| (format!("{}/{}", name.site, detail.role.name), detail.role.id)).ok_or_else(|| {
                let known: Vec<String> =
                    roles.iter().map(|detail| format!("{}/{}", detail.role.site, detail.role.name)).collect();
                let message = format!("There is no role {}/{}. There are: {}.", name.site, name.role, known.join(", "));
                Error::new(Kind::NotFound, message)
            })
        };
        wanted.iter().map(find).collect()
    }

    pub(super) async fn unlock_user(&self, caller: &Caller, login: &str) -> Result<Value, Error> {
        let user = self.find_user(caller, login).await?;
        self.identity.unlock_user(caller, &permit_change_users(caller)?, user.id).await?;
        Ok(json!({ "user": user.user_name.as_str() }))
    }

    pub(super) async fn disable_user(&self, caller: &Caller, login: &str) -> Result<Value, Error> {
        let user = self.find_user(caller, login).await?;
        self.identity.disable_user(caller, &permit_change_users(caller)?, user.id).await?;
        Ok(json!({ "user": user.user_name.as_str() }))
    }

    pub(super) async fn enable_user(&self, caller: &Caller, login: &str) -> Result<Value, Error> {
        let user = self.find_user(caller, login).await?;
        self.identity.enable_user(caller, &permit_change_users(caller)?, user.id).await?;
        Ok(json!({ "user": user.user_name.as_str() }))
    }

    pub(super) async fn reset_password(&self, caller: &Caller, login: &str) -> Result<Value, Error> {
        let user = self.find_user(caller, login).await?;
        let permit = permit_change_users(caller)?;
        self.identity.require_password_change(caller, &permit, user.id).await?;
        let link = self.identity.issue_password_link(caller, &permit, user.id).await?;
        let mut result = self.link("/sign-in/reset/", &link);
        result["user"] = user.user_name.as_str().into();
        Ok(result)
    }

    pub(super) async fn reset_all_passwords(&self, caller: &Caller) -> Result<Value, Error> {
        let users = self.identity.require_password_change_of_all(caller, &permit_change_users(caller)?).await?;
        Ok(json!({ "users": users }))
    }

    pub(super) async fn reset_factor(&self, caller: &Caller, login: &str) -> Result<Value, Error> {
        let user = self.find_user(caller, login).await?;
        self.identity.reset_factor(caller, &permit_change_users(caller)?, user.id).await?;
        Ok(json!({ "user": user.user_name.as_str() }))
    }

    /// The user of that name; at the host, who is not found is said.
    pub(super) async fn find_user(
        &self,
        caller: &Caller,
        login: &str,
    ) -> Result<palisade_identity::model::User, Error> {
        let found = self.identity.find_user(&permit_read_users(caller)?, login).await;
        found.map_err(|error| match error.kind() {
            Kind::NotFound => {
                let message = format!("There is no user {login:?}. `palisade user list` shows who there is.");
                Error::new(Kind::NotFound, message)
            }
            _ => error,
        })
    }
}

fn user_json(row: &UserRow) -> Value {
    let user = &row.user;
    let grants = row.grants.iter().map(|grant| {
        let waits = if grant.state == GrantState::Pending { " (waits for a second factor)" } else { "" };
        format!("{}/{}{waits}", grant.site, grant.role_name)
    });
    json!({
        "user": user.user_name.as_str(),
        "name": row.display_name,
        "email": user.email.as_ref().map(EmailAddress::as_str),
        "status": user.status.as_str(),
        "second_factor": row.has_factor,
        "locked_until": row.locked_until.map(|at| at.to_string()),
        "must_change_password": user.must_change_password,
        "last_sign_in_at": user.last_sign_in_at.map(|at| at.to_string()),
        "roles": grants.collect::<Vec<_>>(),
        "id": user.id.to_string(),
    })
}
