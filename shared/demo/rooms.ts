import { DAY_MS, addDays } from '../domain/time.ts'
import { at, type DemoWorld } from './world.ts'

const STUDIOS = [
  {
    key: 's1',
    name: '1 号间',
    base: '@base/huancui',
    areaM2: 72,
    kw: 6,
    fee: 9000,
    kit: [
      ['camera', 3],
      ['key-light', 4],
    ],
    open: 480,
    close: 1560,
  },
  {
    key: 's2',
    name: '2 号间',
    base: '@base/wendeng',
    areaM2: 40,
    kw: 4,
    fee: 6000,
    kit: [
      ['camera', 2],
      ['key-light', 2],
    ],
    open: 480,
    close: 1560,
  },
  {
    key: 's3',
    name: '3 号间',
    base: '@base/wendeng',
    areaM2: 55,
    kw: 7,
    fee: 8000,
    kit: [
      ['camera', 3],
      ['water-tank', 1],
    ],
    open: 480,
    close: 1560,
  },
  {
    key: 's4',
    name: '户外位',
    base: '@base/rongcheng',
    areaM2: 120,
    kw: 2,
    fee: 0,
    kit: [
      ['camera', 2],
      ['bonded-4g', 1],
    ],
    open: 360,
    close: 1200,
  },
] as const

/** Name, base, families, grade, age in years, days since the last training, daily limit in minutes. */
const STREAMERS = [
  ['cong-shan', '丛珊', '@base/wendeng', ['lure-rod', 'lure', 'reel'], 'S', 27, 80, 390],
  ['yu-haiyang', '于海洋', '@base/wendeng', ['float', 'hand-rod', 'line'], 'A', 34, 120, 390],
  ['bi-xiaowen', '毕晓雯', '@base/wendeng', ['lure', 'line', 'float'], 'A', 25, 60, 390],
  ['sun-yifan', '孙一帆', '@base/wendeng', ['hand-rod', 'lure-rod', 'lure'], 'A', 30, 210, 390],
  ['wang-lan', '王澜', '@base/huancui', ['reel', 'lure-rod', 'line'], 'S', 29, 45, 360],
  ['ju-zhixia', '鞠知夏', '@base/huancui', ['reel', 'lure', 'hand-rod'], 'B', 23, 300, 360],
  ['song-yu', '宋屿', '@base/huancui', ['line', 'float', 'reel'], 'B', 26, 150, 390],
  ['jiang-wanyu', '姜晚渔', '@base/rongcheng', ['float', 'hand-rod', 'lure'], 'A', 31, 95, 390],
  ['shao-wangchao', '邵望潮', '@base/rongcheng', ['hand-rod', 'lure-rod', 'float'], 'B', 38, 372, 360],
  ['zou-nan', '邹楠', null, ['lure-rod', 'reel', 'lure', 'line', 'float', 'hand-rod'], 'C', 22, 20, 300],
] as const

const EQUIPMENT = [
  ['bonded-4g', '聚合 4G 路由', '@base/rongcheng', 2],
  ['water-camera', '水下摄像机', '@base/wendeng', 2],
  ['power', '户外电源', '@base/rongcheng', 3],
  ['macro', '微距镜头', '@base/huancui', 4],
] as const

/** Four shared studios, pooled kit and ten streamers with their limits and papers. */
export function addRooms(world: DemoWorld): void {
  const { drafts, nowMs, today } = world
  for (const room of STUDIOS) {
    const ref = drafts.add('studio', `studio/${room.key}`, {
      name: room.name,
      shortName: room.name.replace(' ', ''),
      baseId: room.base,
      areaM2: room.areaM2,
      kit: room.kit.map(([key, quantity]) => ({ key, quantity })),
      powerKw: room.kw,
      feeFenPerHour: room.fee,
      openMin: room.open,
      closeMin: room.close,
      resetMin: 20,
      makeUpMin: 30,
    })
    world.studios.push({ ref, name: room.name, openMin: room.open, closeMin: room.close })
  }
  for (const [key, name, baseId, quantity] of EQUIPMENT)
    drafts.add('equipment', `kit/${key}`, { name, baseId, quantity })

  for (const [key, name, baseId, families, grade, age, trainedDays, limit] of STREAMERS) {
    const birthYear = Number(today.slice(0, 4)) - age
    const ref = drafts.add('streamer', `streamer/${key}`, {
      name,
      shortName: name.length > 2 ? name.slice(-2) : name,
      baseId,
      identityVerified: true,
      birthDate: `${birthYear}-03-${String(10 + age - 20).padStart(2, '0')}`,
      guardianConsent: false,
      firstTrainedMs: nowMs - (trainedDays + 200) * DAY_MS,
      lastTrainedMs: nowMs - trainedDays * DAY_MS,
      grade,
      families: [...families],
      maxMinPerDay: limit,
      maxStretchMin: 240,
      minRestMin: 480,
      weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], fromMin: 420, toMin: 1560 }],
    })
    world.streamers.push({ ref, name, families })
    drafts.put('streamerCertificate', {
      streamerId: ref,
      category: 'general',
      number: `WH-ZB-${addDays(today, -trainedDays).replaceAll('-', '')}`,
      expiresMs: at(world, 365 - trainedDays + 90, 0),
    })
  }
}
