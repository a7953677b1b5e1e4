-- Rows whose deletion is so old that snapshots no longer tell of it. Nobody can bring them back: others have nothing left of them.
CREATE TABLE "forgottenRow" (
  belt TEXT NOT NULL,
  "row" TEXT NOT NULL,
  PRIMARY KEY (belt, "row")
);
