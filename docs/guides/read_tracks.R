# Read a CSV of AU tracks: Rscript read_tracks.R tracks.csv
tracks <- read.csv(commandArgs(trailingOnly = TRUE)[1], check.names = FALSE)
aus <- grep("^AU[0-9]{2}_r$", names(tracks), value = TRUE)
seen <- tracks[tracks$success == 1, ]
cat(nrow(tracks), "rows,", nrow(seen), "with intensities\n")
for (au in aus) {
  peak <- seen[which.max(seen[[au]]), ]
  name <- sub("_r", "", au)
  cat(sprintf("%s mean %.2f, highest %.2f at %.2f s\n", name, mean(seen[[au]]), peak[[au]], peak$timestamp))
}
