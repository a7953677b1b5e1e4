import type { Call, Output, RequestName } from '../../shared/contract/index.ts'
import type { Result } from '../../shared/contract/result.ts'
import { transport } from './transport.ts'

const underWay = new Map<string, Promise<Result<unknown>>>()

const SHARED_MS = 50
const EARLY_MS = 3000

const keyOf = (name: RequestName, input: unknown) => `${name} ${JSON.stringify(input)}`

function forget(key: string, answer: Promise<Result<unknown>>): void {
  if (underWay.get(key) === answer) underWay.delete(key)
}

/** Called when something has changed: whoever asks from now on is not given an older answer. */
export const forgetAnswers = () => underWay.clear()

/** Two places that ask the same thing within a moment share one answer; a change in between is never hidden. */
export function ask<N extends RequestName>(name: N, input: Call<N>): Promise<Result<Output<N>>> {
  const key = keyOf(name, input)
  const known = underWay.get(key)
  const answer = known ?? transport().request(name, input)
  setTimeout(() => forget(key, answer), SHARED_MS)
  if (known) return known as Promise<Result<Output<N>>>
  underWay.set(key, answer)
  void answer.finally(() => forget(key, answer))
  return answer as Promise<Result<Output<N>>>
}

/**
 * Asks for what the first screen will need while its code is still on the way. An answer nobody takes soon is dropped,
 * and so is a refusal and one that any change may have made old.
 */
export function askEarly<N extends RequestName>(name: N, input: Call<N>): void {
  const key = keyOf(name, input)
  const answer = transport().request(name, input)
  underWay.set(key, answer)
  const stop = transport().on(({ kind }) => {
    if (kind === 'changed') drop()
  })
  const drop = () => {
    forget(key, answer)
    stop()
  }
  setTimeout(drop, EARLY_MS)
  void answer.then(({ ok }) => {
    if (!ok) drop()
  })
}
