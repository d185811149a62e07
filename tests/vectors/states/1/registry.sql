BEGIN TRANSACTION;
CREATE TABLE device (
            id TEXT PRIMARY KEY CHECK (length(id) = 16),
            name TEXT NOT NULL,
            sealed_key BLOB,
            epoch INTEGER NOT NULL CHECK (epoch >= 1),
            groups TEXT NOT NULL,
            emergency INTEGER NOT NULL CHECK (emergency IN (0, 1)),
            priority INTEGER NOT NULL CHECK (priority >= 0),
            state TEXT NOT NULL CHECK (state IN ('active', 'pending', 'revoked')),
            created_s INTEGER NOT NULL,
            changed_s INTEGER NOT NULL,
            CHECK (state = 'revoked' OR sealed_key IS NOT NULL)) STRICT;
INSERT INTO "device" VALUES('0000000000000001','Ann',X'BDCB60C652C5EB125DE3B353E6E1A346747C7BD4F450D8221F4B029E60239FD012826E463E52A58920BF3FA0F41C1CABDE3FD55A519C645F06C28277',1,'1,3',1,2,'active',1790000000,1790000000);
INSERT INTO "device" VALUES('0000000000000002','Ben',NULL,1,'2',0,0,'revoked',1790000010,1790000030);
INSERT INTO "device" VALUES('0000000000000003','Cyd',X'E00CDD79AA1287B993715C63F83070FC2D8DA64608E2E6193B7E7840C747C4080AF5FFD8599550B5232EC874FC45B91D4D2674CE2AF0A59570582E3D',2,'1',0,0,'active',1790000020,1790000040);
CREATE TABLE host (
            public_key TEXT PRIMARY KEY CHECK (length(public_key) = 64),
            name TEXT NOT NULL UNIQUE,
            created_s INTEGER NOT NULL) STRICT;
INSERT INTO "host" VALUES('abababababababababababababababababababababababababababababababab','kitchen',1790000050);
CREATE TABLE invite (
            hash BLOB PRIMARY KEY,
            groups TEXT NOT NULL,
            created_s INTEGER NOT NULL,
            expires_s INTEGER NOT NULL) STRICT;
CREATE TABLE registry (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            changes INTEGER NOT NULL,
            mark TEXT NOT NULL) STRICT;
INSERT INTO "registry" VALUES(1,6,'d911359e04ffce4aea102d6000a49ca60140af6c139c0385f67dd4a237da205c');
CREATE TRIGGER device_insert AFTER INSERT ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER device_update AFTER UPDATE ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER device_delete AFTER DELETE ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_insert AFTER INSERT ON host BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_update AFTER UPDATE ON host BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_delete AFTER DELETE ON host BEGIN UPDATE registry SET changes = changes + 1; END;
COMMIT;
PRAGMA user_version = 1;
