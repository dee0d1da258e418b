-- What agents measure and which containers they have.

alter table nodes drop column memory;
alter table nodes add column figures text;
alter table nodes add column marked_offline_at bigint;
update nodes set marked_offline_at = disconnected_at;

-- A ring of samples for each node: a slot is overwritten when its turn comes again, so that the history
-- is bounded without anybody deleting anything.
create table node_samples (
    node_id text not null references nodes (id) on delete cascade,
    slot integer not null,
    at bigint not null,
    sample text not null,
    primary key (node_id, slot)
);

create table containers (
    id text primary key,
    grid_id text not null references grids (id) on delete cascade,
    node_id text not null references nodes (id) on delete cascade,
    container_id text not null,
    name text not null,
    kind text not null,
    service_id text,
    instance_number integer,
    -- What decisions see of the labels in details, which they do not read; null where a container is not
    -- visible to them.
    stack_name text,
    service_name text,
    details text not null,
    health text,
    created_at bigint not null,
    updated_at bigint not null,
    deleted_at bigint,
    unique (grid_id, container_id)
);
create index containers_node on containers (node_id);
create index containers_service on containers (service_id);
create index containers_deleted on containers (grid_id, deleted_at) where deleted_at is not null;

-- Hooks that run once for each instance, and have.
create table hook_marks (
    service_id text not null,
    number integer not null,
    hook_id text not null,
    primary key (service_id, number, hook_id),
    foreign key (service_id, number) references instances (service_id, number) on delete cascade
);
