#!/usr/bin/env python3
"""Writes tests/golden/serve: what today's SDK can send, and the attributes that OpenTelemetry names.

    pip install openai opentelemetry-semantic-conventions
    tools/golden_sdk.py

Read by src/serve/*_test.cc: no parameter of the SDK's request types may be missing from our tables.
"""
import importlib.metadata
import json
import os

from openai.types import (completion_create_params, embedding_create_params, vector_store_create_params,
                          vector_store_search_params, vector_store_update_params)
from openai.types.chat import (chat_completion_assistant_message_param, chat_completion_developer_message_param,
                               chat_completion_function_message_param, chat_completion_stream_options_param,
                               chat_completion_system_message_param, chat_completion_tool_message_param,
                               chat_completion_user_message_param, completion_create_params as chat_create_params)
from openai.types.responses import file_search_tool_param
from openai.types.vector_stores import file_batch_create_params, file_create_params
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "golden", "serve")


def keys(*types):
    return sorted({key for one in types for key in one.__annotations__})


def main():
    chat = chat_create_params
    completions = completion_create_params
    messages = [chat_completion_assistant_message_param.ChatCompletionAssistantMessageParam,
                chat_completion_developer_message_param.ChatCompletionDeveloperMessageParam,
                chat_completion_function_message_param.ChatCompletionFunctionMessageParam,
                chat_completion_system_message_param.ChatCompletionSystemMessageParam,
                chat_completion_tool_message_param.ChatCompletionToolMessageParam,
                chat_completion_user_message_param.ChatCompletionUserMessageParam]
    golden = {
        "package": "openai " + importlib.metadata.version("openai"),
        "chat": keys(chat.CompletionCreateParamsBase, chat.CompletionCreateParamsStreaming),
        "messages": keys(*messages),
        "stream_options": keys(chat_completion_stream_options_param.ChatCompletionStreamOptionsParam),
        "completions": keys(completions.CompletionCreateParamsBase, completions.CompletionCreateParamsStreaming),
        "embeddings": keys(embedding_create_params.EmbeddingCreateParams),
        "vector_stores": keys(vector_store_create_params.VectorStoreCreateParams),
        "vector_stores.update": keys(vector_store_update_params.VectorStoreUpdateParams),
        "vector_stores.search": keys(vector_store_search_params.VectorStoreSearchParams),
        "vector_stores.files": keys(file_create_params.FileCreateParams),
        "vector_stores.file_batches": keys(file_batch_create_params.FileBatchCreateParams),
        "file_search": keys(file_search_tool_param.FileSearchToolParam),
        "ranking_options": keys(file_search_tool_param.RankingOptions),
    }
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, "openai_parameters.json"), "w") as out:
        json.dump(golden, out, indent=1)
        out.write("\n")
    names = sorted(value for name, value in vars(gen_ai_attributes).items()
                   if name.startswith("GEN_AI_") and isinstance(value, str))
    operations = sorted(value.value for value in gen_ai_attributes.GenAiOperationNameValues)
    version = importlib.metadata.version("opentelemetry-semantic-conventions")
    with open(os.path.join(OUT, "gen_ai_attributes.json"), "w") as out:
        json.dump({"package": "opentelemetry-semantic-conventions " + version, "attributes": names,
                   "operations": operations}, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
