import { parentPort } from 'node:worker_threads'
import { createShopSearch, type ShopSearch } from '../../../shared/scheduler/shop/index.ts'
import { readClock } from './clock.ts'
import type { SolveReply, WorkerRequest } from './portfolio.ts'

/** Searches that trade too often end up in the same place. */
const exchangesPerRun = 10

parentPort!.on('message', (request: WorkerRequest) => parentPort!.postMessage(solve(request)))

function solve(request: WorkerRequest): SolveReply {
  const { lane, lanes, shared, objective } = request
  const now = readClock(request.clock)
  const begin = now()
  const end = begin + request.seconds * 1000
  const search = createShopSearch(request.shop, { seed: request.seed * lanes + lane, objective })
  const size = 2 + 2 * search.shop.n
  const seen = new Int32Array(lanes)
  let published = Number.MAX_SAFE_INTEGER
  const exchangeEveryMs = (request.seconds * 1000) / exchangesPerRun
  let nextExchange = begin + exchangeEveryMs
  let chunk = 20
  let at = now()
  while (at < end) {
    search.step(chunk)
    if (search.bestValue < published) {
      published = search.bestValue
      publish(search, shared, lane * size)
    }
    if (search.proven || search.bestValue <= request.target) break
    const after = now()
    const spent = after - at
    if (spent < 4 && chunk < 20_000) chunk *= 2
    else if (spent > 20 && chunk > 1) chunk >>= 1
    at = after
    if (at < nextExchange) continue
    nextExchange = at + exchangeEveryMs
    let lowest = published
    for (let other = 0; other < lanes; other++) {
      if (other === lane) continue
      lowest = Math.min(lowest, adopt(search, shared, other * size, seen, other))
    }
    if (lowest <= Math.max(request.target, search.lowerBound())) break
  }
  return {
    plan: search.best(),
    lowerBound: search.lowerBound(),
    proven: search.proven,
    iterations: search.iterations,
    seconds: (now() - begin) / 1000,
  }
}

function publish(search: ShopSearch, shared: Int32Array, base: number): void {
  const { value, order, machine } = search.exportElite()
  Atomics.add(shared, base, 1)
  shared[base + 1] = value
  shared.set(order, base + 2)
  shared.set(machine, base + 2 + order.length)
  Atomics.add(shared, base, 1)
}

/** Imports the other lane's schedule if it is new; returns its value. A torn read is tried again next time. */
function adopt(
  search: ShopSearch,
  shared: Int32Array,
  base: number,
  seen: Int32Array,
  other: number,
): number {
  const version = Atomics.load(shared, base)
  if (version === 0 || version % 2 === 1) return Number.MAX_SAFE_INTEGER
  const n = search.shop.n
  const value = shared[base + 1]!
  if (version === seen[other]) return value
  const order = shared.slice(base + 2, base + 2 + n)
  const machine = shared.slice(base + 2 + n, base + 2 + 2 * n)
  if (Atomics.load(shared, base) !== version) return Number.MAX_SAFE_INTEGER
  seen[other] = version
  search.importElite({ value, order, machine })
  return value
}
