drop index containers_existing;
