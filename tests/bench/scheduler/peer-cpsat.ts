import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ShopInstance, ShopObjective } from '../../../shared/scheduler/shop/index.ts'
import type { Plan, Problem } from '../../../shared/scheduler/index.ts'
import type { PeerResult } from './bench.ts'
import { askProcess, noAnswer, plainShop } from './peer.ts'

const folder = path.resolve(import.meta.dirname, '../peers')

/** Installs the peers on first use; they have their own manifest and stay out of the product. */
function install(): void {
  if (existsSync(path.join(folder, 'node_modules/or-tools-wasm'))) return
  console.error('installing the peers of tests/bench/peers …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
  const { status } = spawnSync(npm, options, {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: npm.endsWith('.cmd'),
  })
  if (status !== 0) throw new Error('the peers could not be installed')
}

const labelOf = (native: boolean): string => (native ? 'CP-SAT (native)' : 'CP-SAT (wasm)')

function ask<T extends PeerResult>(script: string, request: unknown): Promise<T | null> {
  install()
  return askProcess<T>(process.execPath, [path.join(folder, script)], request)
}

/** CP-SAT on the same instance, compiled to WebAssembly or native, in a process of its own. */
export async function solveWithCpSat(
  shop: ShopInstance,
  objective: ShopObjective,
  seconds: number,
  native: boolean,
): Promise<PeerResult> {
  const request = { shop: plainShop(shop), objective, seconds, native }
  return (await ask<PeerResult>('cp-sat.mjs', request)) ?? noAnswer(labelOf(native), seconds)
}

/** A belt plan of the peer: complete for hard rules and the second tier, the only one it was asked for. */
export interface BeltPeerResult extends PeerResult {
  plan: Pick<Plan, 'assign' | 'slots' | 'unplanned'> | null
}

/** The same for a belt problem; the peer minimises weighted tardiness plus lost session value. */
export async function solveBeltWithCpSat(
  problem: Problem,
  seconds: number,
  workers: number,
  native: boolean,
): Promise<BeltPeerResult> {
  const answer = await ask<BeltPeerResult>('cp-sat-belt.mjs', { problem, seconds, workers, native })
  return answer ?? { ...noAnswer(labelOf(native), seconds), plan: null }
}
