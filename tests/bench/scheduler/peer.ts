import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { ShopInstance } from '../../../shared/scheduler/shop/index.ts'
import type { PeerResult } from './bench.ts'

/** A shop as JSON can carry it. */
export function plainShop(shop: ShopInstance): object {
  const setups = shop.setups && {
    groups: shop.setups.groups,
    between: shop.setups.between.map((matrix) => Array.from(matrix)),
    initial: shop.setups.initial?.map((row) => Array.from(row)),
  }
  return { ...shop, setups }
}

/** Asks a process of its own, in JSON. @returns what it answered; null for nothing */
export async function askProcess<T>(
  command: string,
  args: readonly string[],
  request: unknown,
): Promise<T | null> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(request))
  const answer = (await text(child.stdout)).trim()
  return answer === '' ? null : (JSON.parse(answer) as T)
}

/** What is reported of a peer that said nothing. */
export const noAnswer = (label: string, seconds: number): PeerResult => ({
  label,
  value: null,
  bound: null,
  optimal: false,
  seconds,
})
