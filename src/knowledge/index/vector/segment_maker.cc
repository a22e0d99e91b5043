// VectorSegmentBuilder::Build, step by step.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/random.h"
#include "knowledge/index/vector/code_frame.h"
#include "knowledge/index/vector/parallel.h"
#include "knowledge/index/vector/partitions.h"
#include "knowledge/index/vector/section_writer.h"
#include "knowledge/index/vector/vector_segment_builder.h"

namespace atelier {

namespace {

// Below, comparing with every vector takes no longer than preparing a query for codes would save.
constexpr size_t kCodedFrom = 1000;
constexpr size_t kSample = 8192;           // vectors that a frame is trained from
constexpr size_t kMaxPartitionAxes = 128;  // those beyond tell partitions apart no better
constexpr double kMaxPlainShare = 0.01;    // of the vectors may be kept out of the codes
constexpr double kBadlyCaptured = 0.5;     // as a share of the usual: what codes tell too little of
constexpr size_t kPiece = 64;

// Whether all are numbers that sums of products can be made of. Those of a damaged segment need not be.
bool AreModest(std::span<const float> values, double largest) {
  return std::all_of(values.begin(), values.end(), [&](float x) { return std::fabs(x) <= largest; });
}

bool IsSound(const CodedVectors& coded) {
  return AreModest(coded.frame.mean, kMaxVectorNorm) && AreModest(coded.frame.axes, 1.01) &&
         AreModest(coded.frame.steps, 2) && AreModest(coded.centroids, 4 * kMaxVectorNorm);
}

size_t WantedPartitionSize(size_t num) {
  // 48 of 100,000: more centroids cost as much as the codes that they save.
  return std::max<size_t>(32, static_cast<size_t>(std::sqrt(static_cast<double>(num)) * 0.152));
}

}  // namespace

class SegmentMaker {
 public:
  SegmentMaker(const VectorSegmentBuilder& builder, uint32_t num_records, const VectorBuildOptions& options)
      : space_(builder.space_),
        segments_(builder.segments_),
        options_(options),
        kernels_(ScanKernelsFor(BestIsa())),
        num_records_(num_records),
        sources_(builder.sources_) {
    std::sort(sources_.begin(), sources_.end(), [](const Source& a, const Source& b) { return a.id < b.id; });
  }

  std::vector<std::byte> Make() {
    order_.resize(sources_.size());
    std::iota(order_.begin(), order_.end(), 0U);
    num_plain_ = sources_.size();
    if (sources_.size() >= kCodedFrom) {
      ChooseDonor();
      MakeFrame();
      MakeCoordinates();
      MakePartitions();
      SetPlainApart();
      OrderByPartition();
    }
    return Write();
  }

 private:
  using Source = VectorSegmentBuilder::Source;

  // The older segment whose training serves on: 0 none, else its number from 1.
  void ChooseDonor() {
    std::vector<size_t> kept(segments_.size() + 1, 0);
    for (const Source& source : sources_) ++kept[source.segment];
    for (size_t s = 1; s < kept.size(); ++s) {
      if (segments_[s - 1]->coded_.num == 0 || !IsSound(segments_[s - 1]->coded_)) continue;
      const size_t added = segments_[s - 1]->header_.num_added + sources_.size() - kept[s];
      if (added * 2 > sources_.size()) continue;
      if (donor_ == 0 || kept[s] > kept[donor_]) {
        donor_ = s;
        num_added_ = static_cast<uint32_t>(added);
      }
    }
  }

  // What the builder took in itself has passed VectorSpace::Check; rows of a damaged segment count as zero here.
  void VectorOf(const Source& source, std::span<float> vector) const {
    space_.Decode({source.row, space_.RowBytes()}, vector);
    if (source.segment != 0 && !AreModest(vector, kMaxVectorNorm)) std::fill(vector.begin(), vector.end(), 0.0F);
  }

  void MakeFrame() {
    if (donor_ != 0) {
      frame_ = segments_[donor_ - 1]->coded_.frame;
      return;
    }
    const size_t n = static_cast<size_t>(space_.dimensions);
    const size_t num = std::min(kSample, sources_.size());
    std::vector<uint32_t> chosen(sources_.size());
    std::iota(chosen.begin(), chosen.end(), 0U);
    Random random(options_.seed);
    for (size_t i = 0; i < num; ++i) std::swap(chosen[i], chosen[i + random.Below(chosen.size() - i)]);
    std::vector<float> sample(num * n);
    for (size_t i = 0; i < num; ++i) VectorOf(sources_[chosen[i]], std::span(sample).subspan(i * n, n));
    // Two bits for each dimension, as far as the best layout does not do with less.
    const size_t max_code_bytes = std::clamp<size_t>(n / 4, 16, 4 * kMaxCodeAxes / 8);
    trained_ = TrainFrame(space_, sample, max_code_bytes, kernels_, options_.num_threads, options_.seed);
    frame_ = trained_.View(space_);
  }

  void MakeCoordinates() {
    const size_t axes = frame_.NumAxes();
    coordinates_.resize(sources_.size() * axes);
    lengths_.resize(sources_.size());
    InPieces(options_.num_threads, sources_.size(), kPiece, [&](size_t begin, size_t end) {
      std::vector<float> vector(static_cast<size_t>(space_.dimensions));
      for (size_t i = begin; i < end; ++i) {
        VectorOf(sources_[i], vector);
        lengths_[i] = Coordinates(frame_, kernels_, vector, CoordinatesOf(i));
      }
    });
  }
  std::span<float> CoordinatesOf(size_t i) {
    return std::span(coordinates_).subspan(i * frame_.NumAxes(), frame_.NumAxes());
  }

  void MakePartitions() {
    const Points points{.all = coordinates_, .num_axes = NumPartitionAxes(), .stride = frame_.NumAxes()};
    const PartitionOptions wanted{.wanted_size = WantedPartitionSize(sources_.size()),
                                  .num_threads = options_.num_threads,
                                  .seed = options_.seed};
    if (donor_ == 0) {
      partitions_ = TrainPartitions(points, wanted, kernels_);
      return;
    }
    std::vector<uint32_t> of(sources_.size(), kNoPartition);
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].segment == donor_) of[i] = sources_[i].partition;
    }
    partitions_ = AdoptPartitions(DonorCentroids(), std::move(of), points, wanted, kernels_);
  }

  size_t NumPartitionAxes() const {
    return donor_ != 0 ? segments_[donor_ - 1]->coded_.num_partition_axes
                       : std::min<size_t>(frame_.NumAxes(), kMaxPartitionAxes);
  }

  std::vector<float> DonorCentroids() const {
    const CodedVectors& donor = segments_[donor_ - 1]->coded_;
    const size_t axes = donor.num_partition_axes;
    std::vector<float> centroids(donor.num_partitions() * axes);
    for (size_t c = 0; c < donor.num_partitions(); ++c) {
      for (size_t d = 0; d < axes; ++d) {
        centroids[c * axes + d] = donor.centroids[(c / kBlockVectors * axes + d) * kBlockVectors + c % kBlockVectors];
      }
    }
    return centroids;
  }

  // Vectors of which the coded axes hold far less than usual would be estimated as far too unlike everything; a few
  // such are kept out of the codes.
  void SetPlainApart() {
    std::vector<float> captured(sources_.size(), 1);
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (lengths_[i] == 0) continue;
      double within = 0;
      for (const float x : CoordinatesOf(i)) within += static_cast<double>(x) * x;
      captured[i] = static_cast<float>(within / (lengths_[i] * lengths_[i]));
    }
    std::vector<float> sorted = captured;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    const float least = *middle * static_cast<float>(kBadlyCaptured);
    const auto most = static_cast<size_t>(kMaxPlainShare * static_cast<double>(sources_.size()));
    std::vector<uint32_t> worst;
    for (uint32_t i = 0; i < sources_.size(); ++i) {
      if (captured[i] < least) worst.push_back(i);
    }
    std::sort(worst.begin(), worst.end(),
              [&](uint32_t a, uint32_t b) { return captured[a] != captured[b] ? captured[a] < captured[b] : a < b; });
    worst.resize(std::min(worst.size(), most));
    for (const uint32_t i : worst) partitions_.of[i] = kNoPartition;
    num_plain_ = worst.size();
  }

  // order_: plain ones, then partition after partition; firsts_ of those that have vectors left.
  void OrderByPartition() {
    const auto partition = [&](uint32_t i) { return partitions_.of[i] + 1; };  // plain ones are 0
    std::stable_sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) { return partition(a) < partition(b); });
    const size_t axes = NumPartitionAxes();
    std::vector<float> kept;
    for (size_t at = num_plain_; at < order_.size(); ++at) {
      const uint32_t c = partitions_.of[order_[at]];
      if (at > num_plain_ && c == partitions_.of[order_[at - 1]]) continue;
      firsts_.push_back(static_cast<uint32_t>(at - num_plain_));
      const auto from = partitions_.centroids.begin() + static_cast<std::ptrdiff_t>(c * axes);
      kept.insert(kept.end(), from, from + static_cast<std::ptrdiff_t>(axes));
    }
    partitions_.centroids = std::move(kept);
    firsts_.push_back(static_cast<uint32_t>(order_.size() - num_plain_));
  }

  std::vector<std::byte> Write() {
    VectorHeader header;
    std::memcpy(header.magic, kVectorMagic, sizeof(kVectorMagic));
    header.version = kVectorVersion;
    header.dimensions = static_cast<uint32_t>(space_.dimensions);
    header.similarity = static_cast<uint8_t>(space_.similarity);
    header.storage = static_cast<uint8_t>(space_.storage);
    header.num_records = num_records_;
    header.num_vectors = static_cast<uint32_t>(sources_.size());
    header.num_plain = static_cast<uint32_t>(num_plain_);
    const bool coded = num_plain_ < sources_.size();
    if (coded) {
      header.num_partitions = static_cast<uint32_t>(firsts_.size() - 1);
      header.num_partition_axes = static_cast<uint32_t>(NumPartitionAxes());
      header.num_chunks4 = frame_.layout.num_chunks4;
      header.num_chunks2 = frame_.layout.num_chunks2;
      header.num_chunks1 = frame_.layout.num_chunks1;
      header.num_added = num_added_;
    }
    SectionWriter writer(header);
    WriteNumbering(writer);
    if (coded) {
      WriteCodes(writer, header.num_blocks());
      WritePartitions(writer);
    }
    WriteRows(writer);
    std::vector<std::byte> bytes = std::move(writer).Finish();
    if (coded) {
      const auto segment = VectorSegment::Open(bytes);
      CHECK_MSG(segment.ok(), segment.ok() ? "" : segment.error().Message());
      const Calibration calibration = segment->Calibrate(options_.num_threads, options_.seed);
      ReplaceSection(bytes, VectorSection::kCalibration, std::as_bytes(std::span(&calibration, 1)));
    }
    return bytes;
  }

  void WriteNumbering(SectionWriter& writer) const {
    std::vector<uint32_t> ids(order_.size());
    std::vector<uint32_t> positions(num_records_, kNoPosition);
    for (size_t at = 0; at < order_.size(); ++at) {
      ids[at] = sources_[order_[at]].id;
      CHECK(ids[at] < num_records_ && positions[ids[at]] == kNoPosition);
      positions[ids[at]] = static_cast<uint32_t>(at);
    }
    writer.Put(VectorSection::kIds, std::as_bytes(std::span(ids)));
    writer.Put(VectorSection::kPositions, std::as_bytes(std::span(positions)));
  }

  void WriteCodes(SectionWriter& writer, size_t num_blocks) {
    writer.Put(VectorSection::kMean, std::as_bytes(frame_.mean));
    writer.Put(VectorSection::kAxes, std::as_bytes(frame_.axes));
    writer.Put(VectorSection::kSteps, std::as_bytes(frame_.steps));
    const size_t block_bytes = frame_.layout.BlockBytes();
    const std::span<std::byte> codes = writer.Make(VectorSection::kCodes, num_blocks * block_bytes);
    std::vector<float> factors(num_blocks * kBlockVectors, 0.0F);
    addends_.assign(factors.size(), 0.0F);
    InPieces(options_.num_threads, num_blocks, 4, [&](size_t begin, size_t end) {
      for (size_t i = begin * kBlockVectors; i < std::min(end * kBlockVectors, order_.size() - num_plain_); ++i) {
        const uint32_t source = order_[num_plain_ + i];
        const CodedVector coded =
            WriteCode(frame_, CoordinatesOf(source), lengths_[source], static_cast<uint32_t>(i % kBlockVectors),
                      codes.subspan(i / kBlockVectors * block_bytes, block_bytes));
        factors[i] = coded.factor;
        addends_[i] = coded.addend;
      }
    });
    writer.Put(VectorSection::kFactors, std::as_bytes(std::span(factors)));
    if (frame_.distances) writer.Put(VectorSection::kAddends, std::as_bytes(std::span(addends_)));
  }

  void WritePartitions(SectionWriter& writer) {
    const size_t axes = NumPartitionAxes();
    const size_t num = firsts_.size() - 1;
    const size_t padded = (num + kBlockVectors - 1) / kBlockVectors * kBlockVectors;
    std::vector<float> centroids(padded * axes, 0.0F);
    std::vector<float> tops(padded, -std::numeric_limits<float>::infinity());
    std::vector<float> radii(padded, 0.0F);
    for (size_t c = 0; c < num; ++c) {
      const std::span<const float> centroid = std::span(partitions_.centroids).subspan(c * axes, axes);
      double top = 0;
      double square = 0;
      for (size_t i = firsts_[c]; i < firsts_[c + 1]; ++i) {
        const std::span<const float> point = CoordinatesOf(order_[num_plain_ + i]).first(axes);
        for (size_t d = 0; d < axes; ++d) {
          const double difference = static_cast<double>(point[d]) - centroid[d];
          square += difference * difference;
        }
        top += addends_[i];
      }
      for (size_t d = 0; d < axes; ++d) {
        centroids[(c / kBlockVectors * axes + d) * kBlockVectors + c % kBlockVectors] = centroid[d];
      }
      const auto size = static_cast<double>(firsts_[c + 1] - firsts_[c]);
      tops[c] = static_cast<float>(top / size);
      radii[c] = static_cast<float>(std::sqrt(square / size));
    }
    writer.Put(VectorSection::kFirsts, std::as_bytes(std::span(firsts_)));
    writer.Put(VectorSection::kCentroids, std::as_bytes(std::span(centroids)));
    writer.Put(VectorSection::kTops, std::as_bytes(std::span(tops)));
    writer.Put(VectorSection::kRadii, std::as_bytes(std::span(radii)));
    writer.Make(VectorSection::kCalibration, sizeof(Calibration));
  }

  // Last, so that what stands before is not moved when their room is made.
  void WriteRows(SectionWriter& writer) const {
    const size_t row_bytes = space_.RowBytes();
    const std::span<std::byte> rows = writer.Make(VectorSection::kRows, order_.size() * row_bytes);
    for (size_t at = 0; at < order_.size(); ++at) {
      std::memcpy(rows.data() + at * row_bytes, sources_[order_[at]].row, row_bytes);
    }
  }

  const VectorSpace space_;
  const std::vector<const VectorSegment*>& segments_;
  const VectorBuildOptions& options_;
  const ScanKernels& kernels_;
  const uint32_t num_records_;
  std::vector<Source> sources_;  // by id

  size_t donor_ = 0;
  uint32_t num_added_ = 0;
  TrainedFrame trained_;
  CodeFrame frame_;                 // trained_'s or the donor's
  std::vector<float> coordinates_;  // [num][axes], by source
  std::vector<double> lengths_;     // |y|, by source
  Partitions partitions_;           // by source; of kNoPartition: plain
  std::vector<uint32_t> order_;     // the source at each position
  size_t num_plain_ = 0;
  std::vector<uint32_t> firsts_;
  std::vector<float> addends_;  // by coded position
};

std::vector<std::byte> VectorSegmentBuilder::Build(uint32_t num_records, const VectorBuildOptions& options) const {
  CHECK(options.num_threads >= 1);
  return SegmentMaker(*this, num_records, options).Make();
}

}  // namespace atelier
