/**
 * Wraps the key files of a data directory by the real store, and kills itself at one of the store's calls:
 * `key-child.ts DIR [CALL]`, where CALL counts from 0, an even number before and an odd one after each call.
 */
import { KeyFiles } from '../../electron/core/key-files.ts'
import { systemKeyStore, type KeyStore } from '../../electron/core/key-store/system.ts'

const [dataDir = '', end = '-1'] = process.argv.slice(2)
let at = 0
const mayDie = () => {
  if (at++ === Number(end)) process.kill(process.pid, 'SIGKILL')
}
const watched = async <T>(call: () => Promise<T>): Promise<T> => {
  mayDie()
  const result = await call()
  mayDie()
  return result
}
const store: KeyStore = {
  read: (account, ask) => watched(() => systemKeyStore.read(account, ask)),
  write: (account, secret) => watched(() => systemKeyStore.write(account, secret)),
}
const log = { info: console.error, warn: console.error }
const files = new KeyFiles({ dataDir, store, wraps: true, log })
await files.unlock(['belt-k'], false)
files.load('belt-k', false)
await files.protect()
console.log(files.guardOf('belt-k'))
