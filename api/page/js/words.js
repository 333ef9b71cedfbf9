/* The page's words in English and Indonesian; `{name}` is filled in. */

const WORDS = {
  en: {
    loginTitle: "Log in", loginNote: "Reading needs a token or a key. It is kept in a cookie until it ends, and never in the address.", loginToken: "Token or key",
    login: "Log in", loginRefused: "This token or key is not accepted.", logout: "Log out",
    skip: "Skip to content", filters: "Filters", totals: "Totals",
    subject: "Subject", subjectHint: "keyword, $SYMBOL, #tag", platform: "Platform", anyPlatform: "All",
    sentiment: "Sentiment", any: "All", positive: "Positive", neutral: "Neutral", negative: "Negative", clear: "Clear filters",
    mentionsIn: "Mentions, {period}", vsBefore: "{change} against the {period} before", vsBeforeTimes: "{times} times the {period} before", noBefore: "nothing to compare with",
    perMinute: "Per minute", perMinuteNote: "average of the last 5 full minutes",
    net: "Net sentiment", netNote: "positive less negative, in points",
    received: "Received here", receivedNote: "since {time}", outside: "since {time} · {count} dated before this period",
    lastHour: "Last hour, per minute", hourNote: "live · peak {peak}", hourIdle: "not connected: what is new arrives after reconnecting",
    volume: "Volume", period: "Period", sentimentOverTime: "Sentiment over time",
    sentimentShare: "Sentiment", emotionShare: "Emotion", emotionNote: "last {count} mentions",
    rising: "Rising subjects", risingNote: "{window} window from {time}", risingNone: "Nothing rises above its usual level.",
    usual: "usually {count}", perMinuteShort: "{change}/min", score: "score {score} of 100",
    mentions: "Mentions", pause: "Pause", resume: "Resume", waiting: "{count} waiting", skipped: "{count} passed too fast to show",
    mentionsNone: "No mentions yet. New ones appear here as they are heard.", mentionsNoneFilter: "Nothing matches these filters yet.",
    open: "Open source", author: "by {name}", confidence: "{share} sure", shortened: "shortened",
    connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", stalled: "No answer", resting: "Resting in the background",
    ageNow: "just now", age: "{age} ago", lastEvent: "last event {age}",
    position: "Position", lastMention: "Newest mention", lastFrame: "Last sign of life", reconnects: "Reconnections", gaps: "Gaps", none: "none yet",
    gapText: "Some of the stream could not be delivered ({why}). The figures were read again from the archive; the list below may miss mentions.",
    expired: "older than what the stream keeps", unknown: "the position was not understood", foreign: "the stream was set up anew",
    ahead: "the stream is behind the position", far: "too much was missed", dismiss: "Dismiss",
    failure: "The archive does not answer: charts show what arrives live. Trying again.",
    theme_light: "Light theme", theme_dark: "Dark theme", otherLanguage: "Bahasa Indonesia",
    zoneNote: "Times are WIB (Asia/Jakarta).", gapNote: "Hatched: not collected, or not known. A line at zero: collected, and quiet.",
    chartHour: "Mentions per minute of the last hour. Arrow keys read single minutes.",
    chartVolume: "Mentions over time. Arrow keys read single bars.", chartSentiment: "Share of sentiment over time. Arrow keys read single bars.",
    notCovered: "no data", mentionsCount: "{count} mentions", mentionsOne: "1 mention", beats: "{count} in the last minute", quiet: "quiet",
    filterBy: "Filter by {subject}", now: "now",
    p1h: "last hour", p24h: "24 hours", p7d: "7 days", p30d: "30 days", p90d: "90 days",
    anger: "Anger", fear: "Fear", joy: "Joy", love: "Love", sadness: "Sadness", neutral_emotion: "No emotion",
    alerts: "Alerts", latest: "latest {count}", alertsNone: "No alerts. What a rule finds appears here with its evidence.", everything: "everything",
    critical: "critical", warning: "warning", info: "info",
    kind_volume_spike: "Volume spike", kind_sentiment_shift: "Sentiment shift", kind_price_move: "Price move", kind_divergence: "Divergence", kind_keyword: "Keyword", kind_new_topic: "New topic", kind_source_silent: "Source silent",
    said_volume_spike: "{observed} mentions of {subject}, usually {expected}", said_sentiment_shift: "{observed} of the mentions of {subject} are negative, usually {expected}",
    said_price_move: "{subject} moved {score}, from {expected} to {observed}", said_divergence: "Prices and mood of {subject} part: {observed} against {expected}",
    said_keyword: "{observed} mentions of {subject}", said_new_topic: "New topic {subject}: {observed} mentions", said_source_silent: "{subject} has been silent for {observed}",
    observed: "Observed", expected: "Expected", held: "Held back in quiet hours before",
    terms: "Words", sourcesOf: "Sources", samples: "Show {count} posts", samplesOf: "Posts of: {label}", samplesNone: "These posts are not in the archive.", backToLive: "Back to live",
    stories: "Stories", storiesNote: "most copied in the last 24 hours", storiesNone: "Nothing was copied in the last 24 hours.", copies: "{count} copies",
    sources: "Sources", sourcesNone: "No source has run yet.", notShown: "{count} more",
    state_ok: "ok", state_quiet: "quiet", state_late: "late", state_throttled: "throttled", state_broken: "broken",
    why_quiet: "nothing new for long", why_late: "a run or an enrichment is overdue", why_throttled: "told to slow down", why_broken: "the last run failed",
    lastRun: "run", newestItem: "item", enriched: "enriched",
    priceOf: "Price of {symbol}", priceNone: "No prices of this symbol in this period.", chartPrice: "Prices over the same time. Arrow keys read single bars.", noTrade: "no trade", close: "close", lowHigh: "low – high",
    own: "only you", ownWhy: "Of a rule of yours: nobody else is shown it", rule: "Rule", scoreName: "Score", since: "Since", sinceWindow: "{time} ({window} window)", fired: "Fired", quietUntil: "Not again before",
    loading: "Loading …", unanswered: "The archive does not answer. Asked again in a moment.", unnamed: "unnamed", all: "All", hashtags: "Hashtags",
    curve: "Mentions an hour, last 24 hours: at most {peak}; usual now {usual}", curveKey: "mentions an hour, up to 24 h", usualKey: "usual",
    topics: "Topics", topicsNote: "rising first, of the last 24 hours", topicsWhole: "of all platforms and moods", topicsNone: "No topic of two stories or more in the last 24 hours.",
    storiesCount: "{count} stories", topicScore: "how far above usual in this hour or the one before, in deviations", topicSince: "heard from {first} to {last}",
    copiesOf: "Posts of this story", alike: "{share} the same", firstPost: "first",
    influencers: "Influencers", influencersNote: "by score, of the last 30 days", influencersNone: "No authors are known here yet.", influencersNoneFlagged: "No author has signals of spam or coordination.",
    withSignals: "With signals", signalsOne: "1 signal", signalsCount: "{count} signals", openProfile: "Open profile", followers: "{count} followers", followersUnknown: "followers unknown",
    part_reach: "Reach", part_engagement: "Engagement", part_originality: "Originality", part_activity: "Activity", part_echo: "Echo", part_spam: "Taken away",
    engagementOf: "{count} likes, shares, comments", originalityOf: "{share} of posts begin a story", daysOf: "days with a post: {count}", echoOf: "copies and answers of others: {count}", spamNone: "no signals",
    influenceOf: "Mood of what follows: {mood}", influence_positive: "positive", influence_negative: "negative", influence_neutral: "neutral, or nothing follows", influence_mixed: "mixed",
    signalsNone: "No signals of spam or coordination.", signal_repeated_text: "Repeats the same text", signal_shared_text: "Same texts as other authors", signal_rate: "Very many posts", signal_day_round: "Posts around the clock",
    signalFigures: "counted {observed}, a signal from {limit} on", signalAuthors: "Others: {authors}", writesOf: "Writes of",
    documentation: "API",
    keyword: "keyword", symbol: "symbol", hashtag: "hashtag", pair: "pair of words",
  },
  id: {
    loginTitle: "Masuk", loginNote: "Untuk membaca diperlukan token atau kunci. Disimpan dalam kuki sampai berakhir, tidak pernah dalam alamat.", loginToken: "Token atau kunci",
    login: "Masuk", loginRefused: "Token atau kunci ini tidak diterima.", logout: "Keluar",
    skip: "Langsung ke isi", filters: "Saringan", totals: "Jumlah",
    subject: "Subjek", subjectHint: "kata, $KODE, #tagar", platform: "Platform", anyPlatform: "Semua",
    sentiment: "Sentimen", any: "Semua", positive: "Positif", neutral: "Netral", negative: "Negatif", clear: "Hapus saringan",
    mentionsIn: "Sebutan, {period}", vsBefore: "{change} dibanding {period} sebelumnya", vsBeforeTimes: "{times} kali {period} sebelumnya", noBefore: "belum ada pembanding",
    perMinute: "Per menit", perMinuteNote: "rata-rata 5 menit penuh terakhir",
    net: "Sentimen bersih", netNote: "positif dikurangi negatif, dalam poin",
    received: "Diterima di sini", receivedNote: "sejak {time}", outside: "sejak {time} · {count} bertanggal sebelum periode ini",
    lastHour: "Satu jam terakhir, per menit", hourNote: "langsung · puncak {peak}", hourIdle: "tidak tersambung: yang baru tiba setelah tersambung lagi",
    volume: "Volume", period: "Periode", sentimentOverTime: "Sentimen dari waktu ke waktu",
    sentimentShare: "Sentimen", emotionShare: "Emosi", emotionNote: "{count} sebutan terakhir",
    rising: "Subjek yang menanjak", risingNote: "jendela {window} mulai {time}", risingNone: "Tidak ada yang di atas biasanya.",
    usual: "biasanya {count}", perMinuteShort: "{change}/mnt", score: "skor {score} dari 100",
    mentions: "Sebutan", pause: "Jeda", resume: "Lanjutkan", waiting: "{count} menunggu", skipped: "{count} lewat terlalu cepat untuk ditampilkan",
    mentionsNone: "Belum ada sebutan. Yang baru muncul di sini begitu terdengar.", mentionsNoneFilter: "Belum ada yang cocok dengan saringan ini.",
    open: "Buka sumber", author: "oleh {name}", confidence: "yakin {share}", shortened: "dipotong",
    connecting: "Menyambung", live: "Langsung", reconnecting: "Menyambung lagi", stalled: "Tidak menjawab", resting: "Istirahat di latar belakang",
    ageNow: "baru saja", age: "{age} lalu", lastEvent: "kejadian terakhir {age}",
    position: "Posisi", lastMention: "Sebutan terbaru", lastFrame: "Tanda hidup terakhir", reconnects: "Sambungan ulang", gaps: "Celah", none: "belum ada",
    gapText: "Sebagian aliran tidak dapat disampaikan ({why}). Angka sudah dibaca ulang dari arsip; daftar di bawah mungkin tidak lengkap.",
    expired: "lebih lama daripada yang disimpan aliran", unknown: "posisi tidak dikenali", foreign: "aliran dibuat baru",
    ahead: "aliran tertinggal dari posisi", far: "terlalu banyak terlewat", dismiss: "Tutup",
    failure: "Arsip tidak menjawab: grafik menampilkan yang tiba langsung. Mencoba lagi.",
    theme_light: "Tema terang", theme_dark: "Tema gelap", otherLanguage: "English",
    zoneNote: "Waktu dalam WIB (Asia/Jakarta).", gapNote: "Arsiran: tidak dikumpulkan, atau tidak diketahui. Garis di nol: dikumpulkan, dan sepi.",
    chartHour: "Sebutan per menit dalam satu jam terakhir. Tombol panah membaca tiap menit.",
    chartVolume: "Sebutan dari waktu ke waktu. Tombol panah membaca tiap batang.", chartSentiment: "Bagian sentimen dari waktu ke waktu. Tombol panah membaca tiap batang.",
    notCovered: "tidak ada data", mentionsCount: "{count} sebutan", mentionsOne: "1 sebutan", beats: "{count} dalam semenit terakhir", quiet: "sepi",
    filterBy: "Saring menurut {subject}", now: "kini",
    p1h: "satu jam terakhir", p24h: "24 jam", p7d: "7 hari", p30d: "30 hari", p90d: "90 hari",
    anger: "Marah", fear: "Takut", joy: "Senang", love: "Cinta", sadness: "Sedih", neutral_emotion: "Tanpa emosi",
    alerts: "Peringatan", latest: "{count} terbaru", alertsNone: "Belum ada peringatan. Temuan aturan muncul di sini beserta buktinya.", everything: "semua",
    critical: "kritis", warning: "waspada", info: "info",
    kind_volume_spike: "Lonjakan volume", kind_sentiment_shift: "Pergeseran sentimen", kind_price_move: "Gerak harga", kind_divergence: "Divergensi", kind_keyword: "Kata kunci", kind_new_topic: "Topik baru", kind_source_silent: "Sumber diam",
    said_volume_spike: "{observed} sebutan {subject}, biasanya {expected}", said_sentiment_shift: "{observed} sebutan {subject} negatif, biasanya {expected}",
    said_price_move: "{subject} bergerak {score}, dari {expected} ke {observed}", said_divergence: "Harga dan suasana {subject} berpisah: {observed} berbanding {expected}",
    said_keyword: "{observed} sebutan {subject}", said_new_topic: "Topik baru {subject}: {observed} sebutan", said_source_silent: "{subject} diam selama {observed}",
    observed: "Teramati", expected: "Perkiraan", held: "Ditahan pada jam tenang sebelumnya",
    terms: "Kata", sourcesOf: "Sumber", samples: "Tampilkan {count} kiriman", samplesOf: "Kiriman dari: {label}", samplesNone: "Kiriman ini tidak ada di arsip.", backToLive: "Kembali langsung",
    stories: "Cerita", storiesNote: "paling banyak disalin dalam 24 jam terakhir", storiesNone: "Tidak ada yang disalin dalam 24 jam terakhir.", copies: "{count} salinan",
    sources: "Sumber", sourcesNone: "Belum ada sumber yang berjalan.", notShown: "{count} lainnya",
    state_ok: "baik", state_quiet: "sepi", state_late: "terlambat", state_throttled: "dibatasi", state_broken: "rusak",
    why_quiet: "lama tidak ada yang baru", why_late: "pengambilan atau pengolahan terlambat", why_throttled: "diminta memperlambat", why_broken: "pengambilan terakhir gagal",
    lastRun: "diambil", newestItem: "terbaru", enriched: "diolah",
    priceOf: "Harga {symbol}", priceNone: "Tidak ada harga simbol ini dalam periode ini.", chartPrice: "Harga pada waktu yang sama. Tombol panah membaca tiap batang.", noTrade: "tidak ada transaksi", close: "penutupan", lowHigh: "terendah – tertinggi",
    own: "hanya Anda", ownWhy: "Dari aturan Anda: tidak ditampilkan kepada orang lain", rule: "Aturan", scoreName: "Skor", since: "Sejak", sinceWindow: "{time} (jendela {window})", fired: "Berbunyi", quietUntil: "Tidak lagi sebelum",
    loading: "Memuat …", unanswered: "Arsip tidak menjawab. Ditanya lagi sebentar lagi.", unnamed: "tanpa nama", all: "Semua", hashtags: "Tagar",
    curve: "Sebutan per jam, 24 jam terakhir: paling banyak {peak}; biasanya kini {usual}", curveKey: "sebutan per jam, hingga 24 jam", usualKey: "biasanya",
    topics: "Topik", topicsNote: "yang menanjak dahulu, 24 jam terakhir", topicsWhole: "dari semua platform dan suasana", topicsNone: "Tidak ada topik dari dua cerita atau lebih dalam 24 jam terakhir.",
    storiesCount: "{count} cerita", topicScore: "seberapa jauh di atas biasanya dalam jam ini atau sebelumnya, dalam simpangan", topicSince: "terdengar {first} sampai {last}",
    copiesOf: "Kiriman cerita ini", alike: "{share} sama", firstPost: "pertama",
    influencers: "Tokoh berpengaruh", influencersNote: "menurut skor, 30 hari terakhir", influencersNone: "Belum ada penulis yang dikenal di sini.", influencersNoneFlagged: "Tidak ada penulis dengan tanda spam atau koordinasi.",
    withSignals: "Bertanda", signalsOne: "1 tanda", signalsCount: "{count} tanda", openProfile: "Buka profil", followers: "{count} pengikut", followersUnknown: "pengikut tidak diketahui",
    part_reach: "Jangkauan", part_engagement: "Keterlibatan", part_originality: "Keaslian", part_activity: "Keaktifan", part_echo: "Gema", part_spam: "Dikurangi",
    engagementOf: "{count} suka, bagikan, komentar", originalityOf: "{share} kiriman memulai cerita", daysOf: "hari dengan kiriman: {count}", echoOf: "salinan dan jawaban orang lain: {count}", spamNone: "tanpa tanda",
    influenceOf: "Suasana yang mengikuti: {mood}", influence_positive: "positif", influence_negative: "negatif", influence_neutral: "netral, atau tidak ada yang mengikuti", influence_mixed: "campuran",
    signalsNone: "Tidak ada tanda spam atau koordinasi.", signal_repeated_text: "Mengulang teks yang sama", signal_shared_text: "Teks sama dengan penulis lain", signal_rate: "Kiriman sangat banyak", signal_day_round: "Menulis siang malam",
    signalFigures: "terhitung {observed}, menjadi tanda mulai {limit}", signalAuthors: "Lainnya: {authors}", writesOf: "Menulis tentang",
    documentation: "API",
    keyword: "kata kunci", symbol: "simbol", hashtag: "tagar", pair: "pasangan kata",
  },
};

export const LANGUAGES = Object.keys(WORDS);

let language = "en";

/** The language a browser's preferences ask for: Indonesian (`id`, formerly `in`, and Malay) or English. */
export function preferred(languages) {
  for (const tag of languages) {
    const code = tag.toLowerCase().split("-")[0];
    if (code === "id" || code === "in" || code === "ms") return "id";
    if (code === "en") return "en";
  }
  return "en";
}

export function speak(code) {
  language = LANGUAGES.includes(code) ? code : "en";
}

export const spoken = () => language;

/** The text of a key; an unknown key is shown as it is, so that a hole is seen. */
export function t(key, values = {}) {
  const text = WORDS[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** The same, or null where there are no words for it. */
export const worded = (key, values) => (key in WORDS[language] ? t(key, values) : null);

/** Every key of every language, for the test that they are the same. */
export const keys = () => Object.fromEntries(LANGUAGES.map((code) => [code, Object.keys(WORDS[code])]));

/** Fill the static parts of the document. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of root.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
}
