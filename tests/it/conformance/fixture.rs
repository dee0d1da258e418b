//! The fixture of the contract: `g1` and `g2`, the administrator, and four users.

use std::sync::Arc;

use kontena_core::validate::{self, grid::GridDraft};
use kontena_master::{
    auth::Caller,
    boot::create_token,
    commands,
    config::{Config, File, Settings, setting::Flags},
};
use kontena_store::{Tx, grids, users};
use serde_json::{Value, json};

use super::server::{Answer, Server};

/// Where a master keeps its data.
#[derive(Clone)]
pub enum Database {
    Sqlite,
    Postgres(Arc<dyn Cluster>),
}

/// A Postgres server.
pub trait Cluster: Send + Sync {
    /// Makes an empty database and returns its URL.
    fn create(&self) -> String;

    /// Everything that is kept in the database with this URL, as text.
    fn contents(&self, url: &str) -> String;
}

/// A master with the fixture of `http-api.md` section 6.
pub struct Fixture {
    pub server: Server,
    database: Database,
    /// What the code of the first administrator was exchanged for.
    pub first_login: Value,
    /// `ADMIN`: the bearer of the user `admin`.
    pub admin: String,
    /// `MEM`: `mem@x.io`, member of g1 without a role.
    pub mem: String,
    /// `GA`: `ga@x.io`, member of g1 with the role `grid_admin`.
    pub ga: String,
    /// `UA`: `ua@x.io`, no grid, role `user_admin`.
    pub ua: String,
    /// `OUT`: `out@x.io`, no grid.
    pub out: String,
}

const VAULT_KEY: &str = "the key of the fixture";
/// Nobody waits long for signs of life.
const SETTINGS: [(&str, &str); 2] = [("VAULT_KEY", VAULT_KEY), ("KONTENA_STREAM_BEAT", "0.2")];

impl Fixture {
    pub fn start(database: &Database) -> Self {
        Self::start_with(database, &[])
    }

    pub fn start_with(database: &Database, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let folder = folder.expect("a folder");
        let url = match database {
            Database::Sqlite => format!("sqlite://{}/k.db", folder.path().display()),
            Database::Postgres(cluster) => cluster.create(),
        };
        let server = Server::start_on(url, folder, &[settings, &SETTINGS].concat());
        let first_login = server.first_login();
        let admin = first_login["access_token"].as_str().expect("a token").to_owned();
        let token = |email: &str, roles: &[&str]| issue(&server, email, roles);
        let (mem, out) = (token("mem@x.io", &[]), token("out@x.io", &[]));
        let (ga, ua) = (token("ga@x.io", &["grid_admin"]), token("ua@x.io", &["user_admin"]));
        let database = database.clone();
        let fixture = Self { server, database, first_login, admin, mem, ga, ua, out };
        actix::System::new().block_on(fixture.furnish());
        fixture
    }

    /// Stops the master and starts another with these settings on what it has left. `self` has to be kept:
    /// its end removes the database.
    pub fn restarted(&self, settings: &[(&str, &str)]) -> Self {
        self.server.stop();
        let folder = tempfile::tempdir().expect("a folder");
        let url = self.server.database_url();
        Self {
            server: Server::start_on(url, folder, &[settings, &SETTINGS].concat()),
            database: self.database.clone(),
            first_login: self.first_login.clone(),
            admin: self.admin.clone(),
            mem: self.mem.clone(),
            ga: self.ga.clone(),
            ua: self.ua.clone(),
            out: self.out.clone(),
        }
    }

    /// Makes the grids, whose names are too short to be given by way of the API.
    async fn furnish(&self) {
        let app = &self.server.app;
        let store = &app.means.store;
        let admin = store.read(|conn| users::by_email(conn, "admin")).await;
        let user = admin.expect("reads").expect("the administrator");
        let caller = Caller {
            user,
            source_ip: String::new(),
            user_agent: String::new(),
            token: String::new(),
        };
        let draft = validate::grid::create(&json!({})).expect("a draft");
        for (name, token) in [("g1", Some("gtok")), ("g2", None)] {
            let draft = GridDraft {
                name: Some(name.to_owned()),
                token: token.map(str::to_owned),
                ..draft.clone()
            };
            let grid = commands::grids::create(&app.means, &caller, draft).await.expect("creates");
            drop(app.registry.grid(grid.id));
        }
        let assigned = store.write(|tx| {
            let grid = grids::by_name(tx.conn(), "g1")?.expect("the grid");
            for email in ["mem@x.io", "ga@x.io"] {
                let user = users::by_email(tx.conn(), email)?.expect("the user");
                grids::assign(tx.conn(), grid.id, user.id)?;
            }
            Ok(())
        });
        assigned.await.expect("assigns");
    }

    /// Everything that is kept, as it is kept.
    pub fn stored(&self) -> Vec<u8> {
        let url = self.server.database_url();
        match &self.database {
            Database::Postgres(cluster) => cluster.contents(&url).into_bytes(),
            Database::Sqlite => {
                let file = url.strip_prefix("sqlite://").expect("a file");
                let read = |end| std::fs::read(format!("{file}{end}")).unwrap_or_default();
                ["", "-wal"].map(read).concat()
            }
        }
    }

    /// Waits for a job on the store, as it is behind the running master.
    pub fn behind<T, F>(&self, job: F) -> T
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> kontena_store::Result<T> + Send + 'static,
    {
        let written = self.server.app.means.store.write(job);
        actix::System::new().block_on(written).expect("writes")
    }

    /// Makes a call; `body` is sent as JSON.
    pub fn call(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answer {
        self.server.call(method, path, token, body.as_ref())
    }

    /// Makes a call, asserts its status and returns the body of the answer.
    #[track_caller]
    pub fn expect(
        &self,
        status: u16,
        method: &str,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Value {
        let sent = body.as_ref().map(Value::to_string).unwrap_or_default();
        let answer = self.call(method, path, token, body);
        assert_eq!(answer.status, status, "{method} {path} {sent}: {}", answer.body);
        answer.body
    }

    /// As the administrator: reads what must be there.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.expect(200, "GET", path, &self.admin, None)
    }

    /// As the administrator: is refused with 422 and returns what is wrong.
    #[track_caller]
    pub fn refused(&self, method: &str, path: &str, body: Value) -> Value {
        self.expect(422, method, path, &self.admin, Some(body))["error"].clone()
    }

    /// As the administrator: creates a service in g1 from `{"name", "image", "stateful"}` and more.
    #[track_caller]
    pub fn service(&self, name: &str, more: Value) -> Value {
        let mut body = json!({ "name": name, "image": "redis", "stateful": false });
        for (field, value) in more.as_object().expect("an object") {
            body[field] = value.clone();
        }
        self.expect(201, "POST", "/v1/grids/g1/services", &self.admin, Some(body))
    }

    /// Waits until something holds, for as long as a machine that is busy may take.
    #[track_caller]
    pub fn until<T>(&self, what: &str, mut holds: impl FnMut() -> Option<T>) -> T {
        for _ in 0..2_000 {
            if let Some(found) = holds() {
                return found;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("not in time: {what}");
    }
}

/// As `kontena-master token create` does, beside the running master.
fn issue(server: &Server, email: &str, roles: &[&str]) -> String {
    let url = server.database_url();
    let pairs = [("DATABASE_URL", url.as_str()), ("VAULT_KEY", VAULT_KEY)];
    let environment =
        |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
    let settings = Settings::resolve(&Flags::default(), &environment, &File::default());
    let config = Config::check(&settings).expect("a valid configuration");
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    create_token(&config, email.to_owned(), roles, None).expect("a token")
}
