import core from 'pouchdb-core'
import http from 'pouchdb-adapter-http'
import mapreduce from 'pouchdb-mapreduce'
import memory from 'pouchdb-adapter-memory'
import replication from 'pouchdb-replication'

const plain = (module) => module.default ?? module
export default plain(core)
  .plugin(plain(memory))
  .plugin(plain(http))
  .plugin(plain(mapreduce))
  .plugin(plain(replication))
