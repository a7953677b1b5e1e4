import type { DemoReference, DemoWorld } from './world.ts'

/** Belt, policy, reference rows, the three bases and the people who work there. */
export function addBelt(world: DemoWorld, reference: DemoReference): void {
  const { drafts, bases, nowMs } = world
  drafts.add('belt', 'belt', {
    name: '威海渔具产业带',
    shortName: '威海渔具',
    trade: '渔具',
    countyCode: '371003',
    province: '山东',
    tier: 'mature',
    timeZone: 'Asia/Shanghai',
    isDemo: true,
    demoNowMs: nowMs,
  })
  drafts.put('fairSlotPolicy', {
    longTailQuotaPct: 30,
    headCapPct: 25,
    longTailTopPct: 20,
    primeStartMin: 19 * 60,
    primeEndMin: 22 * 60,
    slotToleranceMin: 10,
    slotDurationPct: 90,
  })
  for (const { year, holidays, makeUpWorkdays, source } of reference.years)
    drafts.put('holidayYear', { year, holidays, makeUpWorkdays, source })
  for (const { kind, key, value, unit, dataYear, source } of reference.factors)
    drafts.put('factor', { kind, key, value, unit, dataYear, source })

  const base = (key: string, name: string, shortName: string, kind: string, networkProfile: string) =>
    bases.push(
      drafts.add('liveBase', `base/${key}`, {
        name,
        shortName,
        kind,
        networkProfile,
        openMin: 480,
        closeMin: 1560,
      }),
    )
  base('wendeng', '文登基地', '文登', 'rural', '4g')
  base('huancui', '环翠集群基地', '环翠', 'cluster', 'fibre')
  base('rongcheng', '荣成基地', '荣成', 'rural', 'poor')

  const person = (key: string, name: string, role: string, baseId: string | null) =>
    drafts.add('person', `person/${key}`, { name, shortName: name.slice(-2), role, baseId, active: true })
  person('yu-min', '于敏', 'administrator', '@base/wendeng')
  person('cong-wenjing', '丛文静', 'planner', '@base/wendeng')
  person('bi-jianjun', '毕建军', 'planner', '@base/wendeng')
  person('zou-lixin', '邹立新', 'cluster-manager', '@base/huancui')
  person('ju-shuang', '鞠爽', 'planner', '@base/huancui')
  person('wang-haining', '王海宁', 'administrator', '@base/rongcheng')
  person('song-liqun', '宋立群', 'official', null)
}
