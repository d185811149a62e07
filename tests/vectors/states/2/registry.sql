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
INSERT INTO "device" VALUES('0000000000000001','Ann',X'B9AACA75F02CAE4A95B5801266EC2E4BFACCE8E5D8DEF1CA6A229AB0DDCD172A8D645F09D789EA62F422A047C7310D5848D7C69A971D5704E3BAA56D',1,'1,3',1,2,'active',1790000000,1790000000);
INSERT INTO "device" VALUES('0000000000000002','Ben',NULL,1,'2',0,0,'revoked',1790000010,1790000030);
INSERT INTO "device" VALUES('0000000000000003','Cyd',X'7C54B9BF17813E827DAE78E03B5B8ECBC92E8546031235122EF6889384BD585A2B6FA0A00AE16912851B356176002F7F4BCA3970A85A334D67B83C6A',2,'1',0,0,'active',1790000020,1790000040);
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
            mark TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "registry" VALUES(1,6,'6231f265d3d324452a5b803ac70ac68637844e7f23bccefb17f86d2246abc69a',5);
CREATE TRIGGER device_insert AFTER INSERT ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER device_update AFTER UPDATE ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER device_delete AFTER DELETE ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_insert AFTER INSERT ON host BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_update AFTER UPDATE ON host BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_delete AFTER DELETE ON host BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER device_version_insert AFTER INSERT ON device
            BEGIN UPDATE registry SET version = version + 1; END;
CREATE TRIGGER device_version_update AFTER UPDATE ON device
            BEGIN UPDATE registry SET version = version + 1; END;
CREATE TRIGGER device_version_delete AFTER DELETE ON device
            BEGIN UPDATE registry SET version = version + 1; END;
COMMIT;
PRAGMA user_version = 2;
