-- Times are microseconds since 1970 in UTC. Lists and maps are JSON text. Ids are 24 hexadecimal digits.

create table settings (
    key text primary key,
    value text not null
);

create table grids (
    id text primary key,
    name text not null unique,
    token_hash text not null unique,
    token_sealed text not null,
    initial_size integer not null,
    subnet text not null,
    supernet text not null,
    default_affinity text not null,
    trusted_subnets text not null,
    statsd text,
    logs text,
    created_at bigint not null
);

create table stacks (
    id text primary key,
    grid_id text not null references grids (id) on delete cascade,
    name text not null,
    created_at bigint not null,
    unique (grid_id, name)
);

create table nodes (
    id text primary key,
    grid_id text not null references grids (id),
    number integer not null,
    name text not null,
    engine_id text unique,
    token_hash text unique,
    token_sealed text,
    labels text not null,
    availability text not null,
    connected boolean not null,
    updated boolean not null,
    connected_at bigint,
    disconnected_at bigint,
    last_seen_at bigint,
    connection text,
    agent_version text,
    report text not null,
    memory text,
    created_at bigint not null,
    updated_at bigint not null,
    unique (grid_id, name),
    unique (grid_id, number)
);

create table services (
    id text primary key,
    grid_id text not null references grids (id),
    stack_id text not null references stacks (id),
    name text not null,
    spec text not null,
    instances bigint not null,
    state text not null,
    revision bigint not null,
    stack_revision bigint,
    deploy_requested_at bigint,
    deployed_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    unique (stack_id, name)
);
create index services_grid on services (grid_id);

-- A running deploy keeps the specification it began with, whatever is edited meanwhile.
create table service_revisions (
    service_id text not null references services (id) on delete cascade,
    revision bigint not null,
    spec text not null,
    created_at bigint not null,
    primary key (service_id, revision)
);

create table instances (
    id text not null unique,
    grid_id text not null references grids (id),
    service_id text not null references services (id) on delete cascade,
    number integer not null,
    node_id text references nodes (id) on delete set null,
    desired_state text not null,
    deploy_rev text,
    service_revision bigint,
    rev text,
    state text not null,
    error text,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (service_id, number)
);
create index instances_node on instances (node_id);
create index instances_grid on instances (grid_id);

create table deploys (
    id text primary key,
    grid_id text not null references grids (id),
    service_id text not null references services (id) on delete cascade,
    origin text not null,
    state text not null,
    reason text,
    deploy_rev text,
    total integer,
    created_at bigint not null,
    queued_at bigint,
    started_at bigint,
    finished_at bigint
);
create index deploys_service on deploys (service_id, created_at);
create index deploys_unfinished on deploys (grid_id) where finished_at is null;
-- At most one automatic deploy of a service waits at a time.
create unique index deploys_one_automatic on deploys (service_id)
    where origin = 'scheduler' and started_at is null and finished_at is null;

create table instance_deploys (
    deploy_id text not null references deploys (id) on delete cascade,
    number integer not null,
    node_id text references nodes (id) on delete set null,
    node_name text not null,
    state text not null,
    error text,
    phase text not null,
    phase_at bigint not null,
    primary key (deploy_id, number)
);
create index instance_deploys_node on instance_deploys (node_id);

create table users (
    id text primary key,
    email text not null unique,
    name text not null,
    created_at bigint not null
);

create table user_roles (
    user_id text not null references users (id) on delete cascade,
    role text not null,
    primary key (user_id, role)
);

create table grid_users (
    grid_id text not null references grids (id) on delete cascade,
    user_id text not null references users (id) on delete cascade,
    primary key (grid_id, user_id)
);

-- Access tokens and one-time codes; only keyed hashes are kept.
create table tokens (
    id text primary key,
    user_id text not null references users (id) on delete cascade,
    kind text not null,
    token_hash text not null unique,
    refresh_hash text unique,
    last_four text,
    refresh_last_four text,
    scopes text not null,
    description text,
    expires_at bigint,
    created_at bigint not null
);

create table events (
    id bigserial primary key,
    grid_id text not null references grids (id) on delete cascade,
    at bigint not null,
    severity smallint not null,
    kind text not null,
    message text not null,
    service_id text references services (id) on delete set null,
    node_id text references nodes (id) on delete set null,
    instance_number integer
);
create index events_grid on events (grid_id, id);
create index events_service on events (service_id, id);
create index events_node on events (node_id);

create table audit_log (
    id bigserial primary key,
    at bigint not null,
    grid_name text,
    resource_type text not null,
    resource_name text not null,
    resource_id text not null,
    event_name text not null,
    outcome text not null,
    user_id text not null,
    user_email text not null,
    source_ip text not null,
    user_agent text not null
);
create index audit_log_grid on audit_log (grid_name, id);
