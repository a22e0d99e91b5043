// tantivy on the same sets: tantivy_peer CHUNKS QUERIES PHRASES TOKENIZER SCRATCH_DIR (bench/text_index.py runs it)
use std::{env, fs, time::Instant};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::*;
use tantivy::{doc, Index, Term};

fn stats(name: &str, mut per: Vec<f64>) {
    per.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let n = per.len();
    let mean: f64 = per.iter().sum::<f64>() / n as f64;
    println!("{} qps {:.0} p50_us {:.1} p99_us {:.1}", name, 1e6 / mean, per[n / 2], per[n * 99 / 100]);
}

fn main() -> tantivy::Result<()> {
    let a: Vec<String> = env::args().collect();
    let texts: Vec<String> = fs::read_to_string(&a[1]).unwrap().lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["text"].as_str().unwrap().to_string()).collect();
    let bytes: usize = texts.iter().map(|t| t.len()).sum();
    let dir = &a[5];
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir).unwrap();
    let mut sb = Schema::builder();
    let body = sb.add_text_field("body", TextOptions::default().set_indexing_options(
        TextFieldIndexing::default().set_tokenizer(&a[4]).set_index_option(IndexRecordOption::WithFreqsAndPositions)));
    let index = Index::create_in_dir(dir, sb.build())?;
    let t = Instant::now();
    let mut w = index.writer_with_num_threads(1, 1_000_000_000)?;
    for x in &texts { w.add_document(doc!(body => x.as_str()))?; }
    w.commit()?;
    let secs = t.elapsed().as_secs_f64();
    w.wait_merging_threads()?;
    let size: u64 = fs::read_dir(dir).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    println!("index MB/s {:.1} size_MB {:.2}", bytes as f64 / 1e6 / secs, size as f64 / 1e6);
    let reader = index.reader()?;
    let searcher = reader.searcher();
    println!("segments {}", searcher.segment_readers().len());
    let mut tok = index.tokenizer_for_field(body)?;
    let mut terms = |s: &str| { let mut v = vec![]; let mut st = tok.token_stream(s); while st.advance() { v.push(Term::from_field_text(body, &st.token().text)); } v };
    for (name, file) in [("or", &a[2]), ("phrase", &a[3])] {
        let lines: Vec<String> = fs::read_to_string(file).unwrap().lines().map(|s| s.to_string()).collect();
        let mut best: Vec<f64> = vec![1e9; lines.len()];
        let mut total = 0usize;
        let mut best_sum = 1e18f64;
        for _ in 0..7 {
            total = 0;
            let mut sum = 0.0;
            for (i, l) in lines.iter().enumerate() {
                let t = Instant::now();
                let v = terms(l);
                let q: Box<dyn Query> = if name == "or" {
                    Box::new(BooleanQuery::new(v.into_iter().map(|t| (Occur::Should, Box::new(TermQuery::new(t, IndexRecordOption::WithFreqs)) as Box<dyn Query>)).collect()))
                } else if v.len() < 2 { Box::new(TermQuery::new(v[0].clone(), IndexRecordOption::WithFreqs)) } else { Box::new(PhraseQuery::new(v)) };
                let (_, count) = searcher.search(&q, &(TopDocs::with_limit(10).order_by_score(), Count))?;
                total += count;
                let us = t.elapsed().as_secs_f64() * 1e6;
                sum += us;
                if us < best[i] { best[i] = us; }
            }
            if sum < best_sum { best_sum = sum; }
        }
        println!("{} best_round_qps {:.0} total_count {}", name, lines.len() as f64 * 1e6 / best_sum, total);
        stats(name, best);
    }
    Ok(())
}
