import type { PasteKind, PastePreview } from '../../../shared/contract/catalogue.ts'

const SAMPLES: Readonly<Record<PasteKind, readonly (readonly string[])[]>> = {
  studio: [
    ['直播间', '面积', '开门', '关门', '复位'],
    ['1 号间', '72', '08:00', '次日02:00', '30'],
    ['2 号间', '40', '08:00', '次日02:00', '20'],
  ],
  line: [
    ['产线', '工厂', '类型', '产能', '班次', '换型'],
    ['竿线 A', '环翠竿厂', '产线', '路亚竿 48、手竿 42', '1-6 08:00-20:00', '60'],
    ['检测台', '环翠竿厂', '检测', '路亚竿 30、手竿 30', '1-7 08:00-18:00', '0'],
  ],
  streamer: [
    ['主播', '品类', '等级', '实名', '可播'],
    ['丛珊', '路亚竿、手竿', 'A', '是', '1-7 10:00-次日02:00'],
    ['于海洋', '浮漂、线组', 'B', '是', '2-7 14:00-次日02:00'],
  ],
}

/** A small table of each kind as a spreadsheet would copy it; the headers are those the core reads. */
export const sampleOf = (kind: PasteKind): string => SAMPLES[kind].map((row) => row.join('\t')).join('\n')

/** Names of factories that pasted lines belong to and nobody has entered yet, each once. */
export function unknownFactories(preview: PastePreview): string[] {
  const names = preview.rows.flatMap((row) =>
    row.problems.filter(({ key }) => key === 'paste.unknownFactory').map(({ value }) => value),
  )
  return [...new Set(names)]
}
