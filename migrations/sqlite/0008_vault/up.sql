-- Secrets and the credentials of image registries; what is secret of them is sealed with the vault key.

create table secrets (
    id text primary key,
    grid_id text not null references grids (id) on delete cascade,
    name text not null,
    value_sealed text not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (grid_id, name)
);

create table registries (
    id text primary key,
    grid_id text not null references grids (id) on delete cascade,
    name text not null,
    url text not null,
    username text not null,
    password_sealed text not null,
    email text,
    created_at bigint not null,
    unique (grid_id, name)
);
