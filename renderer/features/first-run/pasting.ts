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
  merchant: [
    ['商家', '简称', '规模', '退货率'],
    ['威海海钓匠渔具有限公司', '海钓匠', '头部', '8%'],
    ['荣成浮漂坊', '浮漂坊', '长尾', '12%'],
  ],
  sku: [
    ['商家', '商品', '规格', '编码', '品类', '售价', '成本', '重量'],
    ['荣成浮漂坊', '芦苇浮漂', '1 号 三支装', 'FP-LW-01', '浮漂', '29.90', '9.50', '60'],
    ['荣成浮漂坊', '芦苇浮漂', '2 号 三支装', 'FP-LW-02', '浮漂', '32.90', '10.20', '65'],
  ],
}

/** A small table of each kind as a spreadsheet would copy it; the headers are those the core reads. */
export const sampleOf = (kind: PasteKind): string => SAMPLES[kind].map((row) => row.join('\t')).join('\n')

/** Names of factories or merchants that pasted rows belong to and nobody has entered yet, each once. */
export function unknownOwners(
  preview: PastePreview,
  key: 'paste.unknownFactory' | 'paste.unknownMerchant',
): string[] {
  const names = preview.rows.flatMap((row) =>
    row.problems.filter((problem) => problem.key === key).map(({ value }) => value),
  )
  return [...new Set(names)]
}

/** The contract takes no longer text at once. */
export const MOST_CHARACTERS = 200_000

/** A CSV file as text: UTF-8, or the code page that Chinese spreadsheets save in. */
export function textOfFile(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}
