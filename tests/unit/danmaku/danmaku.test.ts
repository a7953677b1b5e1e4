import { describe, expect, it } from 'vitest'
import { isQuestion, sameWords, summariseDanmaku } from '../../../shared/domain/danmaku.ts'
import { DanmakuReader } from '../../../shared/imports/danmaku.ts'

/** Read in pieces of the given length, as a stream may cut them. */
function read(text: string, piece = text.length || 1) {
  const reader = new DanmakuReader()
  const lines = []
  for (let at = 0; at < text.length; at += piece) lines.push(...reader.push(text.slice(at, at + piece)))
  const { lines: last, tally } = reader.end()
  return { lines: [...lines, ...last], tally }
}

const BILIBILI = `<?xml version="1.0" encoding="UTF-8"?><i><chatserver>chat.example</chatserver>
<d p="12.345,1,25,16777215,1694930000,0,ab12cd34,1">竿子多重？</d>
<d p="13.0,1,25,16777215,1694930001,0,ab12cd34,1,10">&lt;b&gt;便宜&#x4e86;&amp;</d></i>`

describe('recordings of comments', () => {
  it('are read alike however the stream cuts them', () => {
    const whole = read(BILIBILI)
    expect(whole.lines).toStrictEqual([
      { clock: 'offset', atMs: 12_345, body: '竿子多重？', viewer: 'ab12cd34', masked: false },
      { clock: 'offset', atMs: 13_000, body: '<b>便宜了&', viewer: 'ab12cd34', masked: false },
    ])
    expect(whole.tally).toStrictEqual({ format: 'bilibili-xml', unreadable: 0, cutOff: false })
    for (const piece of [1, 2, 3, 7, 50]) expect(read(BILIBILI, piece)).toStrictEqual(whole)
  })

  it('of BililiveRecorder give paid comments too, leave gifts out, and end where a crash ended them', () => {
    const text = `<?xml version="1.0"?><i><BililiveRecorder version="2"/>
<d p="1.2,1,25,1,1694930000123,0,77,0" user="渔人" raw="[0,[1]]">1号链接还有吗</d>
<gift ts="2.0" user="a" giftname="x" giftcount="3"/>
<sc ts="3.5" user="老王" price="30" time="60">什么时候发货</sc>
<d p="4.0,1,25,1,1694930000126,0,78,0" user="乙">好看</d>
<d p="5.0,1,25,1,16949`
    const { lines, tally } = read(text, 11)
    expect(lines.map(({ atMs, body, viewer }) => [atMs, body, viewer])).toStrictEqual([
      [1200, '1号链接还有吗', '77'],
      [3500, '什么时候发货', '老王'],
      [4000, '好看', '78'],
    ])
    expect(tally).toStrictEqual({ format: 'bilibili-xml', unreadable: 0, cutOff: true })
  })

  it('in JSON lines carry times of day or of the recording; large numbers stay names', () => {
    const text = [
      '{"event_ms":1694930000123,"content":"在吗","user_id":9007199254740993123}',
      '{"timestamp":1694930001,"content":"第二条","uid":"u\\u0031"}',
      '{"timestamp":61.5,"content":"不到一小时"}',
      'broken',
      '{"event_ms":1,"content":7}',
      '{"event_ms":1694930000999,"content":"断在',
    ].join('\n')
    const { lines, tally } = read(text, 9)
    expect(lines).toStrictEqual([
      { clock: 'epoch', atMs: 1_694_930_000_123, body: '在吗', viewer: '9007199254740993123', masked: false },
      { clock: 'epoch', atMs: 1_694_930_001_000, body: '第二条', viewer: null, masked: false },
      { clock: 'offset', atMs: 62, body: '不到一小时', viewer: null, masked: false },
    ])
    expect(tally).toStrictEqual({ format: 'jsonl', unreadable: 3, cutOff: true })
  })

  it('keep no telephone number and no control character', () => {
    const [line] = read('<i><d p="1,1,1,1,1,0,a,1">加我\u202E13812345678\u0000 详聊</d></i>').lines
    expect(line).toMatchObject({ body: '加我138******** 详聊', masked: true })
    expect(read('<i><d p="1,1,1,1,1,0,a,1">编号123456789012345</d></i>').lines[0]).toMatchObject({
      masked: false,
    })
  })

  it('that are hostile cost a mark, not the memory', () => {
    const endless = `<i><d p="1,1,1,1,1,0,a,1">${'x'.repeat(300_000)}`
    const { lines, tally } = read(`${endless}</d><d p="2,1,1,1,1,0,a,1">好</d></i>`, 10_000)
    expect(lines.map(({ body }) => body)).toStrictEqual(['好'])
    expect(tally.unreadable).toBeGreaterThan(0)
    const long = read(
      `{"event_ms":1,"content":"${'y'.repeat(200_000)}"}\n{"event_ms":5,"content":"好"}\n`,
      8000,
    )
    expect(long.lines.map(({ body }) => body)).toStrictEqual(['好'])
    expect(long.tally.unreadable).toBe(1)
    for (const p of ['', 'abc', '-1', '1e9', '99999999999'])
      expect(read(`<i><d p="${p},1,1,1,1,0,a,1">t</d></i>`)).toMatchObject({
        lines: [],
        tally: { unreadable: 1 },
      })
  })

  it('of another kind are refused', () => {
    expect(() => read('商家,商品\n')).toThrow(RangeError)
    expect(() => new DanmakuReader().end()).toThrow(RangeError)
  })
})

describe('what a session’s comments say', () => {
  const goods = [
    { skuId: 'a', names: ['2.4 m 路亚竿 ML 调', '路亚竿'], position: 1 },
    { skuId: 'b', names: ['芦苇浮漂'], position: 2 },
  ]
  const say = (...bodies: string[]) =>
    summariseDanmaku(
      bodies.map((body, index) => ({ body, offsetMs: index * 1000 })),
      goods,
    )

  it('counts goods by their names and by the number of their link', () => {
    expect(
      say('路亚竿多重', '1号链接 好看', '２号链接还有吗？', '12号链接', '芦苇浮漂！').goods,
    ).toStrictEqual([
      { skuId: 'a', mentions: 2, questions: 1 },
      { skuId: 'b', mentions: 2, questions: 1 },
    ])
  })

  it('takes repeats of a question together and keeps when it was first asked', () => {
    const { asked, questions } = say('好', '多少钱？？', '多少钱', '多少钱！', 'How much?', 'HOW  MUCH')
    expect(questions).toBe(5)
    expect(asked).toStrictEqual([
      { body: '多少钱？？', count: 3, firstMs: 1000 },
      { body: 'How much?', count: 2, firstMs: 4000 },
    ])
  })

  it('counts a word once a comment', () => {
    const { words } = say('颜色 颜色 颜色', '颜色好看', '123 456')
    expect(words.find(({ word }) => word === '颜色')).toStrictEqual({ word: '颜色', count: 2 })
    expect(words.some(({ word }) => /^\d+$/.test(word))).toBe(false)
  })

  it('knows a question from an exclamation', () => {
    for (const body of ['有货吗', '怎么买', '发货多久', 'what size', '行不行?'])
      expect(isQuestion(body)).toBe(true)
    for (const body of ['好看', '已拍', '666', '主播辛苦了']) expect(isQuestion(body)).toBe(false)
    expect(sameWords('哈哈哈哈 OK！！')).toBe(sameWords('哈ok'))
  })
})
