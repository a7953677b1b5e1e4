import type { Access, RequestSpec } from '../../shared/contract/define.ts'
import { MigrationError } from '../sqlite/migrate.ts'
import { storeProblemOf } from '../sqlite/open.ts'
import { Refusal, fail, type AppError, type Result } from '../../shared/contract/result.ts'
import type { Actor } from './context.ts'
import type { Log } from './services.ts'
import { WorkerFailure } from './workers.ts'

/** @throws Refusal when the caller's person may not make this call */
export function authorise(access: Access, actor: Actor): void {
  if (access === 'anyone') return
  if (!actor.role) throw new Refusal('not-signed-in')
  if (!access.includes(actor.role)) throw new Refusal('not-allowed', { role: actor.role })
}

/** @throws Refusal `bad-input` naming the first field that does not fit */
export function parseInput(spec: RequestSpec, input: unknown): unknown {
  const parsed = spec.input.safeParse(input ?? {})
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Refusal('bad-input', { field: issue?.path.join('.') ?? '', problem: issue?.code ?? '' })
}

/** What a thrown error means to a person; null for a mistake of the program, which belongs in the log. */
export function asAppError(error: unknown): AppError | null {
  if (error instanceof Refusal) return error.error
  if (error instanceof MigrationError)
    return {
      code: error.reason === 'newer' ? 'store-newer' : 'store-diverged',
      details: { migration: error.migration },
    }
  if (error instanceof WorkerFailure && error.refusal) return error.refusal as AppError
  switch (storeProblemOf(error)) {
    case 'full':
      return { code: 'store-full', details: {} }
    case 'read-only':
      return { code: 'store-read-only', details: {} }
    case 'corrupt':
      return { code: 'store-corrupt', details: {} }
    case 'locked':
      return { code: 'store-locked', details: {} }
    case 'other':
      return null
  }
}

/** Runs a handler and turns whatever it throws into a result; programmer errors are logged and shown as `internal`. */
export async function answer<T>(name: string, log: Log, run: () => T | Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await run() }
  } catch (error) {
    const known = asAppError(error)
    if (known) return { ok: false, error: known }
    log.error(`request ${name} failed`, {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return fail('internal', { request: name })
  }
}
