/** Provinces as orders and belts write them, without 省 or 市, with their English names. `全国` stands for the whole country. */
const ENGLISH: ReadonlyMap<string, string> = new Map(
  Object.entries({
    全国: 'China',
    北京: 'Beijing',
    天津: 'Tianjin',
    河北: 'Hebei',
    山西: 'Shanxi',
    内蒙古: 'Inner Mongolia',
    辽宁: 'Liaoning',
    吉林: 'Jilin',
    黑龙江: 'Heilongjiang',
    上海: 'Shanghai',
    江苏: 'Jiangsu',
    浙江: 'Zhejiang',
    安徽: 'Anhui',
    福建: 'Fujian',
    江西: 'Jiangxi',
    山东: 'Shandong',
    河南: 'Henan',
    湖北: 'Hubei',
    湖南: 'Hunan',
    广东: 'Guangdong',
    广西: 'Guangxi',
    海南: 'Hainan',
    重庆: 'Chongqing',
    四川: 'Sichuan',
    贵州: 'Guizhou',
    云南: 'Yunnan',
    西藏: 'Tibet',
    陕西: 'Shaanxi',
    甘肃: 'Gansu',
    青海: 'Qinghai',
    宁夏: 'Ningxia',
    新疆: 'Xinjiang',
    香港: 'Hong Kong',
    澳门: 'Macao',
    台湾: 'Taiwan',
  }),
)
const SUFFIX = /(?:壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|省|市)$/

/** A province in a language tag (`zh-CN`, `en`); a name that is not known stays as it is. */
export const provinceLabel = (name: string, locale: string): string =>
  locale.startsWith('zh') ? name : (ENGLISH.get(name.trim().replace(SUFFIX, '')) ?? name)
