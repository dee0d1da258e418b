-- Volumes, the nodes they exist on, and how much memory services take.

create table volumes (
    id text primary key,
    grid_id text not null references grids (id) on delete cascade,
    name text not null,
    scope text not null,
    driver text not null,
    driver_opts text not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (grid_id, name)
);

create table volume_instances (
    id text primary key,
    volume_id text not null references volumes (id) on delete cascade,
    node_id text not null references nodes (id) on delete cascade,
    name text not null,
    unique (node_id, name)
);
create index volume_instances_volume on volume_instances (volume_id);

-- A ring for each service: the highest usage of any of its containers in each five minutes.
create table memory_peaks (
    service_id text not null references services (id) on delete cascade,
    slot integer not null,
    at bigint not null,
    bytes bigint not null,
    primary key (service_id, slot)
);
