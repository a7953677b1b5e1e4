import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ShopInstance, ShopObjective } from '../../../shared/scheduler/shop/index.ts'
import type { PeerResult } from './bench.ts'
import { askProcess, noAnswer, plainShop } from './peer.ts'

const folder = path.resolve(import.meta.dirname, '../peers/timefold')
const target = path.join(folder, 'target')

/** Builds the peer on first use: it has its own manifest and stays out of the product. */
function build(): void {
  if (existsSync(path.join(target, 'classes')) && existsSync(path.join(target, 'lib'))) return
  console.error('building the peer of tests/bench/peers/timefold …')
  const windows = process.platform === 'win32'
  const { status } = spawnSync(windows ? 'mvn.cmd' : 'mvn', ['-q', 'compile'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: windows,
  })
  if (status !== 0) throw new Error('Timefold could not be built: it needs a JDK (17 or later) and Maven')
}

/** Timefold's community edition with its defaults, on one thread: more of them are not part of that edition. */
export async function solveWithTimefold(
  shop: ShopInstance,
  objective: ShopObjective,
  seconds: number,
): Promise<PeerResult> {
  build()
  const classPath = ['classes', path.join('lib', '*')].map((part) => path.join(target, part))
  const request = { shop: plainShop(shop), objective, seconds }
  const args = ['-cp', classPath.join(path.delimiter), 'chanbo.Main']
  return (await askProcess<PeerResult>('java', args, request)) ?? noAnswer('Timefold (one thread)', seconds)
}
