import { codeOf } from '../sqlite/error-code.ts'

/** The database is full, locked, starts or ends, is a standby (25006), ended a query for its own sake, or broke the connection. */
const CODE =
  /^(SQLITE_(FULL|BUSY|IOERR|READONLY).*|(08|53).{3}|57P..|25006|40001|40P01|ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/

/** What the drivers say, without a code, of a connection that has broken: in the midst of a query, or before the next. */
const MESSAGE =
  /^(Connection terminated|Client (has encountered a connection error|was closed)|Query read timeout|timeout expired|timeout exceeded when trying to connect|Cannot use a pool after calling end|driver has already been destroyed)/

/** Whether it is the database's state that failed a request, so that the same request may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  const code = codeOf(error)
  if (CODE.test(code)) return true
  if (!(error instanceof Error)) return false
  if (MESSAGE.test(error.message)) return true
  // A socket that is not there.
  return code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect'
}
