"""Metrics, intervals over people, trivial baselines, and the predictors that give every frame of a video a
value.

The way of a test set through this room::

    said   = {id: predict_video(model, frames, timestamps, segments, ...)}       predict.py (torch)
    write_predictions(folder / "predictions.h5", videos, aus=..., ...)           predictions.py
    result = evaluate(said, labels, subjects, training=label_statistics(...))    evaluate.py, baselines.py
    result.to_json()  ->  results.json                                           result.py
    save_examples(folder, read_predictions(...), read_frame)                     examples.py
"""
